import { parseJson } from '#shared/net/json.ts';

/** An object or list that is open. */
interface Open {
  readonly path: string;
  /** The keys so far; absent in a list. */
  readonly keys?: Set<string>;
  /** The key, or the place in the list, of what comes next. */
  at: string;
  count: number;
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"\s*(:)?|[{}[\],]/gs;

/**
 * Where an object of a JSON text has a key twice, as the real API server writes a place (`spec.list[0].field`), once
 * each. `JSON.parse` keeps the last without a word.
 */
export function findDuplicates(json: string): string[] {
  const found = new Set<string>();
  const open: Open[] = [];
  for (const [token, colon] of json.matchAll(TOKENS)) {
    const inner = open.at(-1);
    const path = inner === undefined ? '' : inner.path + inner.at;
    if (token === '{') open.push({ path, keys: new Set(), at: '', count: 0 });
    else if (token === '[') open.push({ path, at: '[0]', count: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (inner?.keys === undefined) {
      if (inner !== undefined && token === ',') inner.at = `[${(inner.count += 1)}]`;
    } else if (colon !== undefined) {
      const key = String(parseJson(token.slice(0, token.lastIndexOf('"') + 1)));
      inner.at = inner.path === '' ? key : `.${key}`;
      if (inner.keys.has(key)) found.add(inner.path + inner.at);
      inner.keys.add(key);
    }
  }
  return [...found];
}
