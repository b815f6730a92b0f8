import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { CountersignError } from '#shared/core/errors.ts';

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate with its key, both PEM, that fit together. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the pair. Throws `bad-config` naming the file, or that the two do not fit, as where only one of them has been
 * replaced so far; never what they hold.
 */
export async function readCertificate({ cert, key }: CertificateFiles): Promise<Certificate> {
  const [certificate, privateKey] = await Promise.all([readPem(cert), readPem(key)]);
  const pair = { cert: certificate, key: privateKey };
  try {
    createSecureContext(pair);
  } catch (cause) {
    const message = `${cert} and ${key} are not a certificate and its key (${codeOf(cause)})`;
    throw new CountersignError('bad-config', message);
  }
  return pair;
}

export function isSameCertificate(one: Certificate, other: Certificate): boolean {
  return one.cert === other.cert && one.key === other.key;
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const message = `${path} cannot be read (${codeOf(cause)}): mount the TLS secret there, or set COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY`;
    throw new CountersignError('bad-config', message);
  }
}

/** `ENOENT`, `ERR_OSSL_…`: other words of such an error could repeat what a file holds. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown failure';
}
