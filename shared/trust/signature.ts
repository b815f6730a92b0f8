import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';

import type { SignedEntity } from '@sigstore/verify';

import type { SignatureAlgorithm } from './algorithms.ts';
import { type Evidence, type Refusal, refuse } from './candidate.ts';

/** What was signed, as the sigstore library verifies it. */
export type SignatureContent = SignedEntity['signature'];

/** By size in bytes: the digests that a log entry may name the signed bytes by. */
const HASHES: ReadonlyMap<number, string> = new Map([
  [32, 'sha256'],
  [48, 'sha384'],
  [64, 'sha512'],
]);

/**
 * What the sigstore library verifies, with the algorithm of the trusted key: its own content guesses from the message
 * and refuses Ed25519, PSS, and P-384 in DSSE (docs/facts/signatures.md#the-library). The signature is verified once per key,
 * however often the library is asked.
 *
 * @example
 * const isSigned = createSignatureContent(evidence, algorithm).verifySignature(key);
 */
export function createSignatureContent(
  evidence: Evidence,
  algorithm: SignatureAlgorithm,
): SignatureContent {
  const { signedBytes, signedDigest, signature, payload, stampedBytes } = evidence;
  const outcomes = new Map<KeyObject, boolean>();
  return {
    // The library reads this for one thing: to compare a stamp with what it is over.
    signature: stampedBytes ?? signature,
    compareSignature: (other) => isEqual(other, signature),
    compareDigest: (digest) =>
      signedDigest === undefined
        ? isDigestOf(digest, payload)
        : isEqual(digest, signedDigest.sha256),
    compareSignedDigest: (digest) =>
      signedDigest === undefined
        ? isDigestOf(digest, signedBytes)
        : isEqual(digest, signedDigest.sha256),
    verifySignature(key) {
      const outcome = outcomes.get(key) ?? verifyOnce(key);
      outcomes.set(key, outcome);
      return outcome;
    },
  };

  function verifyOnce(key: KeyObject): boolean {
    try {
      return signedDigest === undefined
        ? algorithm.verify(signedBytes, key, signature)
        : signedDigest.verify(signedDigest.sha256, key, signature);
    } catch {
      // Whatever it threw about bytes of a stranger, they are not a signature by this key.
      return false;
    }
  }
}

function isDigestOf(digest: Buffer, bytes: Buffer): boolean {
  const hash = HASHES.get(digest.length);
  return hash !== undefined && isEqual(digest, createHash(hash).update(bytes).digest());
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Why the signed claims do not hold what `required` says (`cosign sign -a`); undefined when they do. All must be on
 * one statement subject, each the very same string: `true` is not `"true"`. Attestations have no such claims.
 */
export function findMissingClaim(
  { claims, attestation }: Pick<Evidence, 'claims' | 'attestation'>,
  required: Readonly<Record<string, string>>,
): Refusal | undefined {
  if (attestation !== undefined) return undefined;
  const wanted = Object.entries(required);
  const holds = claims.some((claim) =>
    wanted.every(([name, value]) => Object.hasOwn(claim, name) && claim[name] === value),
  );
  if (holds) return undefined;
  const shown = wanted.map(([name, value]) => `${name}=${value}`).join(', ');
  return refuse('missing-claim', `Signature does not hold the annotations ${shown}`);
}
