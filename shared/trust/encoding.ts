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

const BLOCK = /^-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----$/;

/** The one block of a PEM text (RFC 7468), or undefined: a second block is a chain, which has no place here. */
export function pemToDer(text: string): { label: string; der: Buffer } | undefined {
  const [, label = '', body = ''] = BLOCK.exec(text.trim()) ?? [];
  const der = decodeBase64(body.replaceAll(/\r?\n/g, ''));
  return der === undefined ? undefined : { label, der };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, DER; text between them, which openssl writes, is passed over. Undefined where one is
 * not base64, or there are more than `max`.
 */
export function pemBlocks(text: string, max: number): readonly Buffer[] | undefined {
  const blocks = (text.match(CERTIFICATE) ?? []).map((block) => pemToDer(block)?.der);
  const read = blocks.filter((der) => der !== undefined);
  return read.length === blocks.length && read.length <= max ? read : undefined;
}
