import type { KeylessAuthority } from '#shared/core/policy.ts';

import { chooseAlgorithm } from './algorithms.ts';
import type { Acceptance, AuthorityCheck } from './authority.ts';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { type Certificate, isSignedBy, readCertificate } from './certificate.ts';
import { findMissingClaim } from './claims.ts';
import { createIdentityCheck } from './identity.ts';
import { createProver } from './prove.ts';
import { thumbprintOf } from './public-key.ts';
import { readProof } from './read-proof.ts';
import { createSignatureContent } from './signature-content.ts';
import type { TrustRoot } from './trusted-root.ts';

/**
 * Checks signatures by holders of an identity: a certificate that chains to the trusted root and to nothing else,
 * logged, and in use at a time that a log or timestamp authority vouches for. Cheap looks come first, for anyone can
 * push a certificate with any name in it.
 */
export async function createKeylessCheck(
  authority: KeylessAuthority,
  root: TrustRoot,
  now: () => number,
): Promise<AuthorityCheck> {
  const { name, issuer, annotations } = authority;
  const checkIdentity = await createIdentityCheck(authority);
  const prove = createProver(root, now);

  function check(evidence: Evidence): Acceptance | Refusal {
    if (evidence.material.type !== 'certificate') {
      return refuse('wrong-identity', 'Signature is by a key, and the policy names an identity');
    }
    const proof = readProof(evidence.proof);
    if (isRefusal(proof)) return proof;
    const certificate = readCertificate(proof.certificate ?? Buffer.alloc(0));
    if (isRefusal(certificate)) return certificate;
    const identity = checkIdentity(certificate.identity);
    if (isRefusal(identity)) return identity;
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
    const unproved = prove({ content, proof, key, certificate });
    const missing = unproved ?? findMissingClaim(evidence, annotations);
    if (missing !== undefined) return missing;
    // Whatever rule it fits; a key that it certified and that another authority names is the same signer.
    const named = `identity ${JSON.stringify([issuer, identity.subject])}`;
    return { identity: identity.subject, signer: [named, `key ${thumbprintOf(key)}`] };
  }

  return { name, slow: true, check };
}

function isIssued({ parsed: leaf }: Certificate, root: TrustRoot): boolean {
  return root.certificateAuthorities.some(({ certChain }) =>
    certChain.some((issuer) => issuer.subject.equals(leaf.issuer) && isSignedBy(leaf, issuer)),
  );
}
