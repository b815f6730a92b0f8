import type { SignedEntity } from '@sigstore/verify';

import type { KeyAuthority } from '#shared/core/policy.ts';

import type { SignatureAlgorithm } from './algorithms.ts';
import type { AuthorityCheck } from './authority.ts';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { findMissingClaim } from './claims.ts';
import type { TrustedKey } from './public-key.ts';
import { shown } from './shown.ts';
import { createSignatureContent } from './signature-content.ts';

/** Why a signature that verifies is not in a trusted log; undefined when it is. */
export type LogCheck = (evidence: Evidence, algorithm: SignatureAlgorithm) => Refusal | undefined;

/**
 * Checks signatures made with one key. Without `findUnlogged` the transparency log is ignored: the sigstore library
 * verifies every entry and stamp that it is shown, whatever the threshold, so it is shown none (facts/signatures.md
 * section 3).
 */
export async function createKeyCheck(
  authority: KeyAuthority,
  trusted: TrustedKey,
  findUnlogged?: LogCheck,
): Promise<AuthorityCheck> {
  const { name, annotations } = authority;
  const signer = [`key ${trusted.thumbprint}`];
  const { algorithm } = trusted;
  if (isRefusal(algorithm)) return { name, check: () => algorithm };
  const isSigned = await createSignatureCheck(trusted, algorithm);
  return {
    name,
    slow: findUnlogged !== undefined,
    check(evidence) {
      const refusal =
        checkSignature(evidence, trusted, algorithm, isSigned) ??
        findUnlogged?.(evidence, algorithm);
      return (
        refusal ?? findMissingClaim(evidence, annotations) ?? { identity: trusted.hint, signer }
      );
    },
  };
}

async function createSignatureCheck(
  trusted: TrustedKey,
  algorithm: SignatureAlgorithm,
): Promise<(evidence: Evidence) => boolean> {
  // Loading it costs as much as a small function's whole start: only where a signature is to be checked.
  const { Verifier } = await import('@sigstore/verify');
  const verifier = new Verifier(
    {
      certificateAuthorities: [],
      timestampAuthorities: [],
      tlogs: [],
      ctlogs: [],
      publicKey: () => ({ publicKey: trusted.key, validFor: () => true }),
    },
    { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
  );
  return function isSigned(evidence) {
    const entity: SignedEntity = {
      signature: createSignatureContent(evidence, algorithm),
      key: { $case: 'public-key', hint: trusted.hint },
      tlogEntries: [],
      timestamps: [],
    };
    try {
      verifier.verify(entity);
      return true;
    } catch {
      // Whatever it threw about bytes of a stranger, they are not a signature by this key.
      return false;
    }
  };
}

function checkSignature(
  evidence: Evidence,
  trusted: TrustedKey,
  algorithm: SignatureAlgorithm,
  isSigned: (evidence: Evidence) => boolean,
): Refusal | undefined {
  const { material, signature } = evidence;
  if (material.type === 'certificate' && evidence.format === 'bundle') {
    return refuse(
      'wrong-key',
      `Signature is by a certificate, and the policy names ${keyOf(trusted, algorithm)}`,
    );
  }
  if (!algorithm.isShaped(signature, trusted.key)) {
    return refuse(
      'bad-signature',
      `Signature has ${signature.length} bytes and is not one of ${keyOf(trusted, algorithm)}`,
    );
  }
  if (isSigned(evidence)) return undefined;
  // The hint is a claim of the pusher: it chooses words, never an outcome.
  const key = keyOf(trusted, algorithm);
  if (material.type === 'public-key' && material.hint === trusted.hint) {
    return refuse('bad-signature', `Signature names ${key} and does not verify with it`);
  }
  const named = material.type === 'public-key' && material.hint !== '';
  const made = named
    ? `names the key ${shown(material.hint)}`
    : 'was made with another key or hash, or altered';
  return refuse('wrong-key', `Signature does not verify with ${key}: it ${made}`);
}

/** The key as `openssl pkey -pubin -outform DER | sha256sum` knows it, in base64, and what is tried with it. */
function keyOf({ hint }: TrustedKey, { name }: SignatureAlgorithm): string {
  return `the key ${hint} (${name})`;
}
