/** Deeper nesting than any manifest needs. */
const MAX_DEPTH = 20;
/** Keys under this one are data of whoever pushed; Go reads them exactly, so `a` and `A` are two. */
const FREE_KEYS = 'annotations';

export type StrictJson = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads JSON that another reader reads too (Config Sync, in Go) and that both must understand alike: valid UTF-8, no
 * key twice, and no key that differs from one of `fields` or from its neighbour in case alone, for Go matches names
 * in any case and the last one wins (signatures.md section 4, case 30; CVE-2021-41190 for the harm).
 */
export function parseStrictJson(bytes: Uint8Array, fields: readonly string[]): StrictJson {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  const names = new Map(fields.map((field) => [fold(field), field]));
  const keys = { count: 0 };
  const problem = inspect(value, { names, keys, depth: 0, free: false });
  if (problem !== undefined) return { problem };
  return keys.count === countKeys(text) ? { value } : { problem: 'has a key twice' };
}

interface Place {
  readonly names: ReadonlyMap<string, string>;
  readonly keys: { count: number };
  readonly depth: number;
  readonly free: boolean;
}

function inspect(value: unknown, place: Place): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (place.depth === MAX_DEPTH) return `nests deeper than ${MAX_DEPTH} levels`;
  const inner = { ...place, depth: place.depth + 1 };
  if (Array.isArray(value)) return first(value, (item) => inspect(item, inner));
  const seen = new Set<string>();
  return first(Object.entries(value), ([key, item]) => {
    place.keys.count += 1;
    const folded = fold(key);
    if (!place.free) {
      const name = place.names.get(folded);
      if (seen.has(folded) || (name !== undefined && name !== key)) {
        return `has a key ${JSON.stringify(key.slice(0, 40))} that can be read as another`;
      }
      seen.add(folded);
    }
    return inspect(item, { ...inner, free: key === FREE_KEYS });
  });
}

function first<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Go's case folding, and a little more: `ſ` is an s and the Kelvin sign a k. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** How many keys valid JSON writes; more than were kept means that one was written twice. */
function countKeys(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at += 1;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at += 1;
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (text[at] === ':') count += 1;
  }
  return count;
}
