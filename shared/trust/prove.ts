import type { KeyObject } from 'node:crypto';
import { VerificationError, Verifier } from '@sigstore/verify';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { isOutside, UnloggedCertificate } from './certificate.ts';
import {
  authoritiesOf,
  findUntimely,
  isGoodPart,
  isLogInUse,
  logOf,
  promisedOf,
  selectGood,
  selectTrusted,
  type Signed,
  timeOf,
  timesOf,
  type Trusted,
  withCheckpointNames,
} from './proof-parts.ts';
import { findLogFlaw, type LogEntry, readProof } from './read-proof.ts';
import type { TrustRoot } from './trusted-root.ts';
import type { SignatureContent } from './verify-key.ts';

/** What has to be proved of a signature beside that it verifies. */
export interface ProofRules {
  readonly root: TrustRoot;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** An entry in a trusted log; a stamp of a trusted authority in its place; or neither, and the certificate is in use now. */
  readonly transparencyLog: 'require' | 'timestamp' | 'ignore';
}

/** Why what a key has signed is not in a trusted log, under that very key; undefined when it is. */
export function findUnlogged(
  evidence: Evidence,
  content: SignatureContent,
  key: KeyObject,
  rules: Omit<ProofRules, 'transparencyLog'>,
): Refusal | undefined {
  const proof = readProof(evidence.proof);
  if (isRefusal(proof)) return proof;
  const signed = { content, proof, key, certificate: undefined };
  return findUnproved(signed, { ...rules, transparencyLog: 'require' });
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
    return refuse('missing-timestamp', 'No trusted party says when the certificate was used');
  }
  const refusal = findRefusal(signed, trusted, root, []);
  if (refusal !== undefined) return refusal;
  const signedAt = times.length > 0 ? times : [new Date(now())];
  return logEntries.every((entry) => isLogInUse(entry, signedAt, root))
    ? undefined
    : refuse('time-out-of-range', 'Log key was not in use when this was signed');
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

/** What the library refuses: stamps, log entries, the signature, the chain at each time, the `assumed` ones too. */
function findRefusal(
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  assumed: readonly Date[],
): Refusal | undefined {
  const { certificate, content, key } = signed;
  const { logEntries, timestamps } = trusted;
  const named = withCheckpointNames(root, logEntries);
  const publicKey = () => ({ publicKey: key, validFor: () => true });
  const thresholds = {
    tlogThreshold: logEntries.length > 0 ? 1 : 0,
    ctlogThreshold: 0,
    // A certificate lives for minutes, so a time is needed; a key's owner vouches for it at any time.
    timestampThreshold: certificate === undefined ? 0 : 1,
  };
  const atTimes = assumed.map((time) => String(Math.floor(time.getTime() / 1000)));
  // The library takes times as they are given, and two of one authority and time for one that is counted twice.
  const timed = oncePer(
    [
      ...promisedOf(logEntries),
      ...atTimes.map((integratedTime) => ({ ...NO_ENTRY, integratedTime })),
    ],
    ({ logId, integratedTime }) => `${logId.keyId.toString('hex')} ${integratedTime}`,
  );
  const stamps = oncePer(
    timestamps,
    (stamp) => `${stamp.signerSerialNumber.toString('hex')} ${stamp.signingTime.getTime()}`,
  );
  try {
    new Verifier({ ...named, publicKey }, thresholds).verify({
      signature: content,
      key:
        certificate === undefined
          ? { $case: 'public-key', hint: '' }
          : { $case: 'certificate', certificate: new UnloggedCertificate(certificate.parsed.root) },
      tlogEntries: [...logEntries],
      timestamps: [
        ...timed.map((tlogEntry) => ({ $case: 'transparency-log', tlogEntry }) as const),
        ...stamps.map((timestamp) => ({ $case: 'timestamp-authority', timestamp }) as const),
      ],
    });
    return undefined;
  } catch (error) {
    return explainRefusal(error, signed, trusted, named, assumed);
  }
}

/** The first of those that are the same by their `id`. */
function oncePer<T>(all: readonly T[], id: (one: T) => string): readonly T[] {
  return [...new Map(all.toReversed().map((one) => [id(one), one])).values()];
}

/** Which part the sigstore library refused, and whether only for its time. Chooses words, never an outcome. */
function explainRefusal(
  error: unknown,
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  assumed: readonly Date[],
): Refusal {
  for (const stamp of trusted.timestamps) {
    if (isGoodPart(signed, root, stamp)) continue;
    const time = stamp.signingTime;
    const isTimely = authoritiesOf(stamp, root).some(
      ({ validFor, certChain }) =>
        !isOutside(time, validFor) && certChain.every((one) => one.validForDate(time)),
    );
    return isTimely
      ? refuse('missing-timestamp', 'Timestamp is not over this signature, or was altered')
      : refuse('time-out-of-range', 'Timestamp authority was not in use at the time it states');
  }
  for (const entry of trusted.logEntries) {
    if (isGoodPart(signed, root, entry)) continue;
    const log = entry.inclusionPromise && logOf(entry, root);
    return log !== undefined && isOutside(timeOf(entry), log.validFor)
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
