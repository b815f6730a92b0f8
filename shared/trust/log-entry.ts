import { type Refusal, refuse } from './candidate.ts';
import { findOtherSigner, type LoggedSigner } from './log-signer.ts';
import type { LogEntry } from './read-proof.ts';
import type { TrustRoot } from './trusted-root.ts';

/** The trusted log that an entry says to be in. */
export function logOf(entry: LogEntry, root: TrustRoot): TrustRoot['tlogs'][number] | undefined {
  return root.tlogs.find(({ logID }) => logID.equals(entry.logId.keyId));
}

/** What the sigstore library does not look at in an entry: whose it is, and that the proof is of its checkpoint. */
export function findLogFlaw(entry: LogEntry, signer: LoggedSigner): Refusal | undefined {
  const { inclusionProof: proof } = entry;
  if (proof?.checkpoint !== undefined) {
    // transparency-dev/formats, "Checkpoint body": origin, tree size, root hash.
    const [, size, root] = proof.checkpoint.envelope.split('\n', 3);
    if (size !== proof.treeSize || root !== proof.rootHash.toString('base64')) {
      return refuse('log-mismatch', 'Inclusion proof is for another tree than its checkpoint');
    }
  }
  return findOtherSigner(entry, signer);
}
