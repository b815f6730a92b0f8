const ELLIPSIS = '…';

/**
 * The longest beginning of `text` that fits into `maxBytes` of UTF-8, with an ellipsis where something was cut. Never
 * cuts a character in two; lone surrogates, which UTF-8 cannot carry, become U+FFFD.
 */
export function truncateBytes(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const room = new Uint8Array(maxBytes - Buffer.byteLength(ELLIPSIS));
  const { read } = new TextEncoder().encodeInto(whole, room);
  return `${whole.slice(0, read)}${ELLIPSIS}`;
}
