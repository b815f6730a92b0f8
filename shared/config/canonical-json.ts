/** JSON with the keys of every object sorted by UTF-16 code unit and no space: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    // JSON has no other number than those that are compared exactly; as a text it could be taken for one.
    if (typeof part === 'bigint') return { integer: String(part) };
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
