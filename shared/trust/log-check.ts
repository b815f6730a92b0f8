import { isRefusal } from './candidate.ts';
import type { LogCheck } from './key-authority.ts';
import type { TrustedKey } from './public-key.ts';
import { createProver } from './prove.ts';
import { readProof } from './read-proof.ts';
import { createSignatureContent } from './signature-content.ts';
import type { TrustRoot } from './trusted-root.ts';

/** Makes the check that a signature by a key is in a trusted log, under that very key. */
export function createLogCheck({ key }: TrustedKey, root: TrustRoot, now: () => number): LogCheck {
  const prove = createProver(root, now);
  return function findUnlogged(evidence, algorithm) {
    const proof = readProof(evidence.proof);
    if (isRefusal(proof)) return proof;
    const content = createSignatureContent(evidence, algorithm);
    return prove({ content, proof, key, certificate: undefined });
  };
}
