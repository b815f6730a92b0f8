import { createHash } from 'node:crypto';
import { RegistryError } from './errors.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The sha256 digest of bytes, or of chunks one after another. */
export function digestOf(...chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** Whether `text` is a digest that this registry can check: sha256 only, as Config Sync and Artifact Registry use. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** `text` when it is a digest; DIGEST_INVALID otherwise. */
export function requireDigest(text: string | undefined): string {
  if (text !== undefined && isDigest(text)) return text;
  throw new RegistryError('DIGEST_INVALID', 'Digest must be sha256 with 64 lower-case hex digits', {
    detail: { digest: text },
  });
}
