/**
 * The text in foreign bytes; undefined where they are not UTF-8: a reader that replaces what it cannot read sees
 * another text than the next one. A byte order mark is part of the text.
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The JSON value in foreign bytes or text; undefined where it is none, or not UTF-8 (RFC 8259, section 8.1: UTF-8, and
 * no byte order mark). No JSON value is undefined. Of equal keys the last one counts: see `strict-json.ts`.
 */
export function parseJson(json: Uint8Array | string): unknown {
  const text = typeof json === 'string' ? json : decodeText(json);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * JSON with the keys of every object sorted by UTF-16 code unit, no space, and absent values left out: equal values
 * give equal text, to be hashed or compared.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    // JSON has no other number than those that are compared exactly; as a text it could be taken for one.
    if (typeof part === 'bigint') return { integer: String(part) };
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
