import { type SignedEntity, VerificationError, Verifier } from '@sigstore/verify';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { isOutside, UnloggedCertificate } from './certificate.ts';
import { findLogFlaw, logOf } from './log-entry.ts';
import {
  authoritiesOf,
  createPartCheck,
  findInactiveLog,
  findUntimely,
  promisedOf,
  selectGood,
  selectTrusted,
  type Signed,
  timeOf,
  timesOf,
  type Timestamp,
  type Trusted,
  withCheckpointNames,
} from './proof-parts.ts';
import { type LogEntry, readProof } from './read-proof.ts';
import type { TrustRoot } from './trusted-root.ts';
import type { LogCheck } from './verify-key.ts';

/** What has to be proved of a signature beside that it verifies. */
export interface ProofRules {
  readonly root: TrustRoot;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** An entry in a trusted log; a stamp of a trusted authority in its place; or neither, and the certificate is in use now. */
  readonly transparencyLog: 'require' | 'timestamp' | 'ignore';
}

/**
 * Makes the look whether a signature by a key is in a trusted log, under that very key.
 *
 * @example
 * const findUnlogged = createLogCheck({ root, now, transparencyLog: 'require' });
 */
export function createLogCheck(rules: ProofRules): LogCheck {
  return function findUnlogged(evidence, content, key) {
    const proof = readProof(evidence.proof);
    if (isRefusal(proof)) return proof;
    return findUnproved({ content, proof, key, certificate: undefined }, rules);
  };
}

/** Why the proof of something signed does not hold; undefined when it does. Never throws for what was pushed. */
export function findUnproved(signed: Signed, rules: ProofRules): Refusal | undefined {
  const { root, now, transparencyLog } = rules;
  if (transparencyLog === 'ignore') {
    return findRefusal(signed, { logEntries: [], timestamps: [] }, root, [new Date(now())]);
  }
  const trusted = selectTrusted(signed, root);
  if (isRefusal(trusted)) return trusted;
  const refusal = findFlaw(signed, trusted, rules);
  if (refusal === undefined) return undefined;
  // One that is stale, doubled or of something else denies nothing beside one that is good.
  const good = selectGood(signed, trusted, root, transparencyLog);
  const sizeOf = ({ logEntries, timestamps }: Trusted): number =>
    logEntries.length + timestamps.length;
  const helps = sizeOf(good) < sizeOf(trusted);
  return helps && findFlaw(signed, good, rules) === undefined ? undefined : refusal;
}

/** The steps, in their order: what has to be there is, it is of this signature, the library verifies it, logs were in use. */
function findFlaw(signed: Signed, trusted: Trusted, rules: ProofRules): Refusal | undefined {
  const { root, now, transparencyLog } = rules;
  const { logEntries } = trusted;
  const { certificate } = signed;
  const times = timesOf(trusted);
  const isStamped = transparencyLog === 'timestamp' && certificate !== undefined;
  if (logEntries.length === 0 && isStamped && times.length === 0) {
    return refuse('missing-timestamp', 'Signature has neither a trusted timestamp nor a log entry');
  }
  if (logEntries.length === 0 && !isStamped) {
    return refuse('missing-log-entry', 'Signature has no entry in a trusted transparency log');
  }
  for (const entry of logEntries) {
    const flaw = findLogFlaw(entry, signed);
    if (flaw !== undefined) return flaw;
  }
  if (certificate !== undefined && times.length === 0) {
    return refuse('missing-timestamp', 'Nobody trusted says when the certificate was used');
  }
  return (
    findRefusal(signed, trusted, root, []) ??
    findInactiveLog(logEntries, times.length > 0 ? times : [new Date(now())], root)
  );
}

/**
 * What the sigstore library refuses: stamps, promises and inclusion proofs, the chain at each time, the signature.
 * `assumed` are times beside those that are proved.
 */
function findRefusal(
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  assumed: readonly Date[],
): Refusal | undefined {
  const { certificate, key } = signed;
  const named = withCheckpointNames(root, trusted.logEntries);
  const thresholds = {
    tlogThreshold: trusted.logEntries.length > 0 ? 1 : 0,
    ctlogThreshold: 0,
    // A certificate lives for minutes, so a time is needed; a key's owner vouches for it at any time.
    timestampThreshold: certificate === undefined ? 0 : 1,
  };
  try {
    const publicKey = () => ({ publicKey: key, validFor: () => true });
    new Verifier({ ...named, publicKey }, thresholds).verify(toEntity(signed, trusted, assumed));
    return undefined;
  } catch (error) {
    return explainRefusal(error, signed, trusted, named, assumed);
  }
}

function toEntity(
  { content, certificate }: Signed,
  { logEntries, timestamps }: Trusted,
  assumed: readonly Date[],
): SignedEntity {
  // The library takes the times of log entries as they are given: what it proves are the entries themselves.
  const atTime = new Map<string, LogEntry>();
  for (const entry of promisedOf(logEntries))
    atTime.set(`${entry.logId.keyId.toString('hex')} ${entry.integratedTime}`, entry);
  for (const time of assumed) {
    const integratedTime = String(Math.floor(time.getTime() / 1000));
    atTime.set(integratedTime, { ...NO_ENTRY, integratedTime });
  }
  return {
    signature: content,
    key:
      certificate === undefined
        ? { $case: 'public-key', hint: '' }
        : { $case: 'certificate', certificate: new UnloggedCertificate(certificate.parsed.root) },
    tlogEntries: [...logEntries],
    timestamps: [
      ...[...atTime.values()].map(
        (tlogEntry) => ({ $case: 'transparency-log', tlogEntry }) as const,
      ),
      ...oncePerTime(timestamps).map(
        (timestamp) => ({ $case: 'timestamp-authority', timestamp }) as const,
      ),
    ],
  };
}

/** The library takes two stamps of one authority and time for one that is counted twice. */
function oncePerTime(timestamps: readonly Timestamp[]): readonly Timestamp[] {
  const byTime = new Map<string, Timestamp>();
  for (const stamp of timestamps) {
    const id = `${stamp.signerSerialNumber.toString('hex')} ${stamp.signingTime.getTime()}`;
    if (!byTime.has(id)) byTime.set(id, stamp);
  }
  return [...byTime.values()];
}

/** Of which only the time is read. */
const NO_ENTRY: LogEntry = {
  logIndex: '0',
  logId: { keyId: Buffer.alloc(0) },
  kindVersion: { kind: '', version: '' },
  integratedTime: '0',
  inclusionPromise: { signedEntryTimestamp: Buffer.alloc(0) },
  inclusionProof: undefined,
  canonicalizedBody: Buffer.alloc(0),
};

/**
 * Why the sigstore library refused: it names a stage, and what matters to people is which part, and whether the part
 * is wrong or only its time. Chooses words, never an outcome.
 */
function explainRefusal(
  error: unknown,
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  assumed: readonly Date[],
): Refusal {
  const passes = createPartCheck(signed, root);
  for (const timestamp of trusted.timestamps) {
    if (passes.stamp(timestamp)) continue;
    return isUntimely(timestamp, root)
      ? refuse('time-out-of-range', 'Timestamp authority was not in use at the time it states')
      : refuse('missing-timestamp', 'Timestamp is not over this signature, or was altered');
  }
  for (const entry of trusted.logEntries) {
    if (passes.entry(entry)) continue;
    return isUntimelyEntry(entry, root)
      ? refuse('time-out-of-range', 'Log key was not in use at the time of the entry')
      : refuse('log-mismatch', 'Log entry is of another signature, or was altered');
  }
  const { certificate } = signed;
  const untimely =
    certificate && findUntimely(certificate, [...assumed, ...timesOf(trusted)], root);
  if (untimely !== undefined) return untimely;
  if (certificate === undefined || !(error instanceof VerificationError)) {
    return refuse('malformed', 'Proof of the signature cannot be read');
  }
  if (error.code !== 'CERTIFICATE_ERROR') {
    return refuse('malformed', 'Proof of the signature holds the same thing twice');
  }
  return refuse('untrusted-root', 'Certificate does not chain to the trusted root');
}

function isUntimely(stamp: Timestamp, root: TrustRoot): boolean {
  const time = stamp.signingTime;
  return authoritiesOf(stamp, root).every(
    ({ validFor, certChain }) =>
      isOutside(time, validFor) || certChain.some((one) => !one.validForDate(time)),
  );
}

function isUntimelyEntry(entry: LogEntry, root: TrustRoot): boolean {
  const log = logOf(entry, root);
  const isPromised = entry.inclusionPromise !== undefined && log !== undefined;
  return isPromised && isOutside(timeOf(entry), log.validFor);
}
