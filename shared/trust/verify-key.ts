import type { KeyAuthority } from '#shared/core/policy.ts';

import {
  type AuthorityCheck,
  type Evidence,
  isRefusal,
  type Refusal,
  refuse,
  shown,
} from './candidate.ts';
import type { TrustedKey } from './public-key.ts';
import { createSignatureContent, findMissingClaim, type SignatureContent } from './signature.ts';

/** Why what a key has signed is not in a trusted log, under that very key; undefined when it is. */
export type LogCheck = (
  evidence: Evidence,
  content: SignatureContent,
  key: TrustedKey['key'],
) => Refusal | undefined;

/**
 * Verifies signatures made with one key, step by step as `cosign verify --key` does: the signature is by this key and
 * not by a certificate, it verifies over the signed bytes with the algorithm of the key, it is in a trusted log, and its
 * claims hold. Without `findUnlogged` logs and stamps are ignored, good or bad.
 *
 * @example
 * const { check } = createKeyCheck(authority, await keys(authority.key, authority.name));
 * const signer = check(evidence);
 */
export function createKeyCheck(
  { name, annotations }: KeyAuthority,
  trusted: TrustedKey,
  findUnlogged?: LogCheck,
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
