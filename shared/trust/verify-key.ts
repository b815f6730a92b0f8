import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { SignedEntity } from '@sigstore/verify';
import type { KeyAuthority } from '#shared/core/policy.ts';
import type { SignatureAlgorithm } from './algorithms.ts';
import {
  type AuthorityCheck,
  type Evidence,
  isRefusal,
  type Refusal,
  refuse,
  shown,
} from './candidate.ts';
import type { TrustedKey } from './keys.ts';

/**
 * Verifies signatures made with one key, step by step as `cosign verify --key` does: the signature is by this key and
 * not by a certificate, it verifies over the signed bytes with the algorithm of the key, it is in a trusted log, and its
 * claims hold. Without `findUnlogged` logs and stamps are ignored, good or bad.
 *
 * @example
 * const { check } = createKeyCheck(authority, await keys(authority.key, authority.name));
 */
export function createKeyCheck(
  { name, annotations }: KeyAuthority,
  trusted: TrustedKey,
  findUnlogged?: (...signed: [Evidence, SignatureContent, KeyObject]) => Refusal | undefined,
): AuthorityCheck {
  const { algorithm, key, hint, thumbprint } = trusted;
  if (isRefusal(algorithm)) return { name, check: () => algorithm };
  // As `openssl pkey -pubin -outform DER | sha256sum` knows it, in base64, and what is tried with it.
  const shownKey = `the key ${hint} (${algorithm.name})`;
  return {
    name,
    slow: findUnlogged !== undefined,
    check(evidence) {
      const { material, format, signature } = evidence;
      if (material.type === 'certificate' && format === 'bundle') {
        const detail = `Signature is by a certificate, and the policy names ${shownKey}`;
        return refuse('wrong-key', detail);
      }
      if (!algorithm.isShaped(signature, key)) {
        const detail = `Signature has ${signature.length} bytes and is not one of ${shownKey}`;
        return refuse('bad-signature', detail);
      }
      const content = createSignatureContent(evidence, algorithm);
      if (!content.verifySignature(key)) return explainUnverified(evidence, hint, shownKey);
      return (
        findUnlogged?.(evidence, content, key) ??
        findMissingClaim(evidence, annotations) ?? { identity: hint, signer: [`key ${thumbprint}`] }
      );
    },
  };
}

/** The hint of a signature is a claim of the pusher: it chooses words, never an outcome. */
function explainUnverified({ material }: Evidence, hint: string, shownKey: string): Refusal {
  const named = material.type === 'public-key' ? material.hint : '';
  if (named === hint) {
    return refuse('bad-signature', `Signature names ${shownKey} and does not verify with it`);
  }
  const made =
    named === ''
      ? 'was made with another key or hash, or altered'
      : `names the key ${shown(named)}`;
  return refuse('wrong-key', `Signature does not verify with ${shownKey}: it ${made}`);
}

/** What was signed, as the sigstore library verifies it. */
export type SignatureContent = SignedEntity['signature'];

/** By size in bytes: the digests that a log entry may name the signed bytes by. */
const HASHES: Readonly<Record<number, string>> = { 32: 'sha256', 48: 'sha384', 64: 'sha512' };

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
  const isOf = (digest: Buffer, bytes: Buffer): boolean =>
    signedDigest === undefined ? isDigestOf(digest, bytes) : isEqual(digest, signedDigest.sha256);

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

  return {
    // The library reads this for one thing: to compare a stamp with what it is over.
    signature: stampedBytes ?? signature,
    compareSignature: (other) => isEqual(other, signature),
    compareDigest: (digest) => isOf(digest, payload),
    compareSignedDigest: (digest) => isOf(digest, signedBytes),
    verifySignature(key) {
      const outcome = outcomes.get(key) ?? verifyOnce(key);
      outcomes.set(key, outcome);
      return outcome;
    },
  };
}

function isDigestOf(digest: Buffer, bytes: Buffer): boolean {
  const hash = HASHES[digest.length];
  return hash !== undefined && isEqual(digest, createHash(hash).update(bytes).digest());
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Why the claims lack what `required` says (`cosign sign -a`), on one subject, to the letter; attestations have none. */
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
  const names = wanted.map(([name, value]) => `${name}=${value}`).join(', ');
  return refuse('missing-claim', `Signature does not hold the annotations ${names}`);
}
