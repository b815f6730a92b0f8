import { createHash } from 'node:crypto';

import { CountersignError } from '#shared/core/errors.ts';

import type { SignedDigest } from './candidate.ts';

/** What a bundle is about. */
export interface Artifact {
  /** As it was given, or by SHA-256. */
  readonly digest: string;
  /** Where they are at hand. */
  readonly bytes: Buffer | undefined;
  readonly signedDigest: SignedDigest | undefined;
  /** Whether it has this digest, in hex; false by a hash that it is not known by. */
  readonly has: (algorithm: string, hex: string) => boolean;
}

/** Hashes that statements and bundles name artifacts by. */
const DIGEST = /^(sha256|sha384|sha512):((?:[0-9a-f]{32}){2,4})$/;
const HEX_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Reads bytes, or the digest of bytes that are elsewhere. Throws `bad-request` for other text. */
export async function readArtifact(artifact: Uint8Array | string): Promise<Artifact> {
  if (typeof artifact !== 'string') return describeBytes(Buffer.from(artifact));
  const [, known = '', hex = ''] = DIGEST.exec(artifact) ?? [];
  if (HEX_LENGTHS[known] !== hex.length) {
    throw new CountersignError('bad-request', 'Artifact is neither bytes nor a sha256: digest');
  }
  return {
    digest: artifact,
    bytes: undefined,
    signedDigest: known === 'sha256' ? await describeDigest(hex) : undefined,
    has: (algorithm, claimed) => algorithm === known && claimed === hex,
  };
}

function describeBytes(bytes: Buffer): Artifact {
  const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
  return {
    digest: `sha256:${hash('sha256')}`,
    bytes,
    signedDigest: undefined,
    has: (algorithm, hex) => Object.hasOwn(HEX_LENGTHS, algorithm) && hash(algorithm) === hex,
  };
}

async function describeDigest(hex: string): Promise<SignedDigest> {
  // A curve in JavaScript, which nobody else needs.
  const { verifyPrehashed: verify } = await import('./prehashed.ts');
  return { sha256: Buffer.from(hex, 'hex'), verify };
}
