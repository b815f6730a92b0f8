import { decodeBase64 } from './base64.ts';

const BLOCK = /^-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----$/;

/** The one block of a PEM text (RFC 7468), or undefined: a second block is somebody's chain, which nobody asked for. */
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
