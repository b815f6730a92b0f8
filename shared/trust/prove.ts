import type { KeyObject } from 'node:crypto';

import { type SignedEntity, Verifier } from '@sigstore/verify';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import type { Certificate } from './certificate.ts';
import { MAX_TRUSTED_PROOFS } from './limits.ts';
import { findLogFlaw, logOf } from './log-entry.ts';
import { isOutside } from './period.ts';
import type { LogEntry, Proof } from './read-proof.ts';
import { explainRefusal } from './refusal.ts';
import { authoritiesOf, readTimestamp, type Timestamp } from './timestamp.ts';
import type { TrustRoot } from './trusted-root.ts';

/** Something signed, and by whom. */
export interface Signed {
  readonly content: SignedEntity['signature'];
  readonly proof: Proof;
  readonly key: KeyObject;
  /** Of a keyless signer. */
  readonly certificate: Certificate | undefined;
}

/** What of a proof is of logs and timestamp authorities that are trusted. The rest is anyone's, and is not looked at. */
export interface Trusted {
  readonly logEntries: readonly LogEntry[];
  readonly timestamps: readonly Timestamp[];
}

/** Why the proof of something signed does not hold; undefined when it does. Never throws for what was pushed. */
export type Prover = (signed: Signed) => Refusal | undefined;

// A certificate lives for minutes, so a time is needed; a key's owner vouches for it at any time.
const KEYLESS = { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 };
const KEYED = { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 };

/** Makes a prover over one trusted root; `now` is in milliseconds. */
export function createProver(root: TrustRoot, now: () => number): Prover {
  return function prove(signed) {
    const trusted = selectTrusted(signed.proof, root);
    if (isRefusal(trusted)) return trusted;
    const { logEntries } = trusted;
    if (logEntries.length === 0) {
      return refuse('missing-log-entry', 'Signature has no entry in a trusted transparency log');
    }
    const { key, certificate } = signed;
    for (const entry of logEntries) {
      const flaw = findLogFlaw(entry, { key, certificate: certificate?.der });
      if (flaw !== undefined) return flaw;
    }
    const times = timesOf(trusted);
    if (certificate !== undefined && times.length === 0) {
      return refuse('missing-timestamp', 'Nobody trusted says when the certificate was used');
    }
    const named = withCheckpointNames(root, logEntries);
    try {
      createLibraryVerifier(signed, named).verify(toEntity(signed, trusted));
    } catch (error) {
      return explainRefusal(error, signed, trusted, named);
    }
    return findInactiveLog(logEntries, times.length > 0 ? times : [new Date(now())], root);
  };
}

function createLibraryVerifier({ certificate, key }: Signed, root: TrustRoot): Verifier {
  const publicKey = (): { publicKey: KeyObject; validFor: () => boolean } => ({
    publicKey: key,
    validFor: () => true,
  });
  return new Verifier({ ...root, publicKey }, certificate === undefined ? KEYED : KEYLESS);
}

/**
 * The library wants the name under a checkpoint to be a part of the log's URL. Rekor 1 signs with the name of the
 * machine it runs on; whose key it is stays what counts.
 */
function withCheckpointNames(root: TrustRoot, entries: readonly LogEntry[]): TrustRoot {
  const names = entries
    .filter(({ inclusionPromise }) => inclusionPromise !== undefined)
    .map(({ inclusionProof }) => inclusionProof?.checkpoint?.envelope ?? '');
  if (names.length === 0) return root;
  const tlogs = root.tlogs.map((log) => ({ ...log, baseURL: [log.baseURL, ...names].join('\n') }));
  return { ...root, tlogs };
}

function toEntity({ content, certificate }: Signed, trusted: Trusted): SignedEntity {
  const { logEntries, timestamps } = trusted;
  return {
    signature: content,
    key:
      certificate === undefined
        ? { $case: 'public-key', hint: '' }
        : { $case: 'certificate', certificate: certificate.parsed },
    tlogEntries: [...logEntries],
    timestamps: [
      ...logEntries.map((tlogEntry) => ({ $case: 'transparency-log' as const, tlogEntry })),
      ...timestamps.map((timestamp) => ({ $case: 'timestamp-authority' as const, timestamp })),
    ],
  };
}

/** One stamp of an unknown authority would make the library refuse all: those that are not trusted are not shown. */
function selectTrusted(proof: Proof, root: TrustRoot): Trusted | Refusal {
  const timestamps: Timestamp[] = [];
  for (const der of proof.timestamps) {
    const stamp = readTimestamp(der);
    if (isRefusal(stamp)) return stamp;
    if (authoritiesOf(stamp, root).length > 0) timestamps.push(stamp);
  }
  const logEntries = proof.logEntries.filter((entry) => logOf(entry, root) !== undefined);
  if (Math.max(logEntries.length, timestamps.length) > MAX_TRUSTED_PROOFS) {
    return refuse('too-many', `More than ${MAX_TRUSTED_PROOFS} log entries or timestamps`);
  }
  return { logEntries, timestamps };
}

/** A time in a log entry counts where the log has signed it, which a checkpoint does not (Rekor 2 has none). */
function timesOf({ logEntries, timestamps }: Trusted): readonly Date[] {
  const promised = logEntries.filter(({ inclusionPromise }) => inclusionPromise !== undefined);
  return [
    ...promised.map(({ integratedTime }) => new Date(Number(integratedTime) * 1000)),
    ...timestamps.map(({ signingTime }) => signingTime),
  ];
}

/** The library looks at a log key's period for a promise only: a retired key must not sign checkpoints for ever. */
function findInactiveLog(
  entries: readonly LogEntry[],
  times: readonly Date[],
  root: TrustRoot,
): Refusal | undefined {
  const inactive = entries.some((entry) => {
    const log = logOf(entry, root);
    return log === undefined || times.every((time) => isOutside(time, log.validFor));
  });
  return inactive
    ? refuse('time-out-of-range', 'Log key was not in use when this was signed')
    : undefined;
}
