/**
 * The bytes of canonical, padded, standard base64; undefined for anything else. `Buffer.from` alone skips junk and
 * white space, so that two texts would be one signature.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}

/**
 * The same where `base64` of a shell may have wrapped the text and ended it with a line: CR and LF are passed over, as
 * Go's decoder does in `cosign verify`, and nothing else is.
 */
export function decodeWrappedBase64(text: string): Buffer | undefined {
  return decodeBase64(text.replaceAll(/[\r\n]/g, ''));
}
