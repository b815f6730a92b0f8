import type { KeylessAuthority } from '#shared/core/policy.ts';

import { chooseAlgorithm } from './algorithms.ts';
import type { Acceptance, AuthorityCheck } from './authority.ts';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { type Certificate, isSignedBy, readCertificate } from './certificate.ts';
import { findMissingClaim } from './claims.ts';
import { createIdentityCheck } from './identity.ts';
import { mayCarryChain } from './media-types.ts';
import { createProver, type ProofRules } from './prove.ts';
import { thumbprintOf } from './public-key.ts';
import { type Proof, readProof } from './read-proof.ts';
import { createSignatureContent } from './signature-content.ts';
import type { TrustRoot } from './trusted-root.ts';

/** How one authority knows the leaf of a signer. */
export interface LeafRules {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly rules: ProofRules;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether the holder is whom the policy names: the name that matched, and who signers are counted as. */
  readonly identify: (
    certificate: Certificate,
  ) => { readonly subject: string; readonly signer: string } | Refusal;
  /** Whether bundles of version 0.3 may bring a chain along, as `cosign verify --allow-certificate-chain` takes them. */
  readonly takesChain?: boolean;
  /** What a proof is checked against. */
  readonly rootFor: (proof: Proof) => TrustRoot;
}

/**
 * Checks signatures by holders of an identity: a certificate that chains to the trusted root and to nothing else,
 * logged, and in use at a time that a log or timestamp authority vouches for.
 */
export async function createKeylessCheck(
  authority: KeylessAuthority,
  root: TrustRoot,
  now: () => number,
): Promise<AuthorityCheck> {
  const { name, annotations, transparencyLog = 'require', ctLog = 'require' } = authority;
  const checkIdentity = await createIdentityCheck(authority);
  return createLeafCheck({
    name,
    annotations,
    now,
    rules: { transparencyLog, ctLog },
    identify({ identity }) {
      const held = checkIdentity(identity);
      if (isRefusal(held)) return held;
      // Whatever rule it fits: exact or pattern, with more claims, by another root.
      const { subject } = held;
      return { subject, signer: JSON.stringify([identity.issuer, subject]) };
    },
    rootFor: () => root,
  });
}

/** Makes the check of a leaf. Cheap looks come first, for anyone can push a certificate with any name in it. */
export function createLeafCheck(leaf: LeafRules): AuthorityCheck {
  const { name, annotations, rules, now, identify, takesChain, rootFor } = leaf;
  function check(evidence: Evidence): Acceptance | Refusal {
    if (evidence.material.type !== 'certificate') {
      return refuse('wrong-identity', 'Signature is by a key, and the policy names an identity');
    }
    if (takesChain !== true && hasForeignChain(evidence)) {
      return refuse('malformed', 'Bundle carries a chain, which its version does not have');
    }
    const proof = readProof(evidence.proof);
    if (isRefusal(proof)) return proof;
    const certificate = readCertificate(proof.certificate ?? Buffer.alloc(0));
    if (isRefusal(certificate)) return certificate;
    const identity = identify(certificate);
    if (isRefusal(identity)) return identity;
    const root = rootFor(proof);
    if (!isIssued(certificate, root)) {
      return refuse('untrusted-root', 'Certificate is not by an authority of the trusted root');
    }
    const { key } = certificate;
    const algorithm = chooseAlgorithm(key);
    if (isRefusal(algorithm)) return algorithm;
    const content = createSignatureContent(evidence, algorithm);
    if (!algorithm.isShaped(evidence.signature, key) || !content.verifySignature(key)) {
      return refuse('bad-signature', 'Signature does not verify with its certificate');
    }
    const prove = createProver(root, now, rules);
    const missing =
      prove({ content, proof, key, certificate }) ?? findMissingClaim(evidence, annotations);
    if (missing !== undefined) return missing;
    // A key that it certified and that another authority names is the same signer.
    const signer = [`identity ${identity.signer}`, `key ${thumbprintOf(key)}`];
    return { identity: identity.subject, signer };
  }

  return { name, slow: true, check };
}

function hasForeignChain({ proof }: Evidence): boolean {
  return proof.form === 'bundle' && proof.chain !== undefined && !mayCarryChain(proof.mediaType);
}

function isIssued({ parsed: leaf }: Certificate, root: TrustRoot): boolean {
  return root.certificateAuthorities.some(({ certChain }) =>
    certChain.some((issuer) => issuer.subject.equals(leaf.issuer) && isSignedBy(leaf, issuer)),
  );
}
