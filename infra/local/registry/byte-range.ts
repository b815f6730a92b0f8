/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;
const CONTENT_RANGE = /^(?:bytes )?(\d{1,15})-(\d{1,15})$/;

/**
 * The one range that a download asks for (RFC 9110, section 14.2). `undefined`: none, or one in a form that a server
 * may ignore. `unsatisfiable`: nothing of the blob is in it.
 */
export function parseRange(
  header: string | null,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, from, to] = RANGE.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  return first > last ? 'unsatisfiable' : { first, last };
}

/** The range that an uploaded chunk claims: `<first>-<last>`, without a unit (OCI distribution 1.1, "Pushing a blob in chunks"). */
export function parseContentRange(header: string): ByteRange | undefined {
  const [, first, last] = CONTENT_RANGE.exec(header) ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { first: Number(first), last: Number(last) };
}
