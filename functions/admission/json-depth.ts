const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Whether JSON text nests deeper than `max`: found out before it is parsed, for four megabytes of brackets cost the
 * parser half a second in which nobody else is answered. Text that is no JSON gets any answer.
 */
export function isNestedDeeper(bytes: Uint8Array, max: number): boolean {
  // Each level takes a byte.
  if (bytes.length <= max) return false;
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > max) return true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1);
  while (end >= 0 && isEscaped(bytes, start, end)) end = bytes.indexOf(QUOTE, end + 1);
  return end < 0 ? bytes.length : end;
}

function isEscaped(bytes: Uint8Array, start: number, quote: number): boolean {
  let slashes = 0;
  while (quote - slashes - 1 > start && bytes[quote - slashes - 1] === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}
