import type { KeyObject } from 'node:crypto';

import { type SignedEntity, Verifier } from '@sigstore/verify';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import type { Certificate } from './certificate.ts';
import { MAX_TRUSTED_PROOFS } from './limits.ts';
import { findLogFlaw, logOf } from './log-entry.ts';
import { isOutside } from './period.ts';
import type { LogEntry, Proof } from './read-proof.ts';
import { createPartCheck, explainRefusal, findUntimely } from './refusal.ts';
import { isLogged, UnloggedCertificate } from './sct.ts';
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
  /** Those of the entries whose promise says when; a checkpoint does not (Rekor 2 has no promise). */
  readonly promised: readonly LogEntry[];
}

/** What has to be proved of a signature by a certificate. */
export interface ProofRules {
  /** An entry in a trusted log; a stamp of a trusted authority in its place; or neither, and the certificate is in use now. */
  readonly transparencyLog: 'require' | 'timestamp' | 'ignore';
  /** Whether the certificate has to be in a certificate log. */
  readonly ctLog: 'require' | 'ignore';
}

/** Why the proof of something signed does not hold; undefined when it does. Never throws for what was pushed. */
export type Prover = (signed: Signed) => Refusal | undefined;

const STRICT: ProofRules = { transparencyLog: 'require', ctLog: 'require' };

/** Makes a prover over one trusted root; `now` is in milliseconds. */
export function createProver(
  root: TrustRoot,
  now: () => number,
  rules: ProofRules = STRICT,
): Prover {
  return function prove(signed) {
    if (rules.transparencyLog === 'ignore') {
      const nothing: Trusted = { logEntries: [], timestamps: [], promised: [] };
      return findRefusal(signed, nothing, [new Date(now())]);
    }
    const trusted = selectTrusted(signed, root);
    if (isRefusal(trusted)) return trusted;
    const refusal = findFlaw(signed, trusted);
    if (refusal === undefined) return undefined;
    // One that is stale, doubled or of something else denies nothing beside one that is good.
    const good = selectGood(signed, trusted, root, rules);
    const sizeOf = ({ logEntries, timestamps }: Trusted): number =>
      logEntries.length + timestamps.length;
    const helps = sizeOf(good) < sizeOf(trusted);
    return helps && findFlaw(signed, good) === undefined ? undefined : refusal;
  };

  function findFlaw(signed: Signed, trusted: Trusted): Refusal | undefined {
    const { logEntries } = trusted;
    const { key, certificate } = signed;
    const times = timesOf(trusted);
    const isStamped = rules.transparencyLog === 'timestamp' && certificate !== undefined;
    if (logEntries.length === 0 && isStamped && times.length === 0) {
      return refuse(
        'missing-timestamp',
        'Signature has neither a trusted timestamp nor a log entry',
      );
    }
    if (logEntries.length === 0 && !isStamped) {
      return refuse('missing-log-entry', 'Signature has no entry in a trusted transparency log');
    }
    for (const entry of logEntries) {
      const flaw = findLogFlaw(entry, { key, certificate: certificate?.der });
      if (flaw !== undefined) return flaw;
    }
    if (certificate !== undefined && times.length === 0) {
      return refuse('missing-timestamp', 'Nobody trusted says when the certificate was used');
    }
    return (
      findRefusal(signed, trusted, []) ??
      findInactiveLog(logEntries, times.length > 0 ? times : [new Date(now())], root)
    );
  }

  /** What the library refuses, and what it does not look at; `assumed` are times beside those that are proved. */
  function findRefusal(
    signed: Signed,
    trusted: Trusted,
    assumed: readonly Date[],
  ): Refusal | undefined {
    const { certificate, key } = signed;
    const named = withCheckpointNames(root, trusted.logEntries);
    const publicKey = (): { publicKey: KeyObject; validFor: () => boolean } => ({
      publicKey: key,
      validFor: () => true,
    });
    const thresholds = {
      tlogThreshold: trusted.logEntries.length > 0 ? 1 : 0,
      ctlogThreshold: 0,
      // A certificate lives for minutes, so a time is needed; a key's owner vouches for it at any time.
      timestampThreshold: certificate === undefined ? 0 : 1,
    };
    try {
      new Verifier({ ...named, publicKey }, thresholds).verify(toEntity(signed, trusted, assumed));
    } catch (error) {
      return explainRefusal(error, signed, trusted, named, assumed);
    }
    if (certificate === undefined || rules.ctLog === 'ignore') return undefined;
    return isLogged(certificate.parsed, root)
      ? undefined
      : refuse('missing-sct', 'Certificate has no valid entry of a trusted certificate log');
  }
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

function toEntity(
  { content, certificate }: Signed,
  { logEntries, timestamps, promised }: Trusted,
  assumed: readonly Date[],
): SignedEntity {
  // The library takes the times of log entries as they are given: what it proves are the entries themselves.
  const atTime = new Map<string, LogEntry>();
  for (const entry of promised)
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
        : {
            $case: 'certificate',
            certificate: new UnloggedCertificate(certificate.parsed.root),
          },
    tlogEntries: [...logEntries],
    timestamps: [
      ...[...atTime.values()].map((tlogEntry) => ({
        $case: 'transparency-log' as const,
        tlogEntry,
      })),
      ...oncePerTime(timestamps).map((timestamp) => ({
        $case: 'timestamp-authority' as const,
        timestamp,
      })),
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
 * One stamp of an unknown authority would make the library refuse all: those that are not trusted are not shown. Of
 * the others each once, those of a usable time first, and no more than are verified.
 */
function selectTrusted({ proof, certificate }: Signed, root: TrustRoot): Trusted | Refusal {
  const stamps = new Map<string, Timestamp>();
  for (const der of proof.timestamps) {
    const stamp = readTimestamp(der);
    if (isRefusal(stamp)) return stamp;
    if (authoritiesOf(stamp, root).length === 0) continue;
    const id = der.toString('base64');
    if (!stamps.has(id)) stamps.set(id, stamp);
  }
  const leaf = certificate?.parsed;
  const isUsable = (time: Date): boolean => leaf === undefined || leaf.validForDate(time);
  const timestamps = [...stamps.values()]
    .toSorted((a, b) => Number(isUsable(b.signingTime)) - Number(isUsable(a.signingTime)))
    .slice(0, MAX_TRUSTED_PROOFS);
  const logEntries = proof.logEntries.filter((entry) => logOf(entry, root) !== undefined);
  if (logEntries.length > MAX_TRUSTED_PROOFS) {
    return refuse('too-many', `More than ${MAX_TRUSTED_PROOFS} entries of trusted logs`);
  }
  return { logEntries, timestamps, promised: promisedOf(logEntries) };
}

function promisedOf(entries: readonly LogEntry[]): readonly LogEntry[] {
  return entries.filter(({ inclusionPromise }) => inclusionPromise !== undefined);
}

/**
 * What is good by itself: a threshold of stamps suffices, and it is one. Entries of trusted logs have to be good one and
 * all, as in sigstore-go, unless a stamp does in place of the log.
 */
function selectGood(
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  { transparencyLog }: ProofRules,
): Trusted {
  const { key, certificate } = signed;
  const passes = createPartCheck(signed, withCheckpointNames(root, trusted.logEntries));
  const isUsable = (time: Date): boolean =>
    certificate === undefined || findUntimely(certificate, [time], root) === undefined;
  const timestamps = trusted.timestamps.filter(
    (timestamp) =>
      isUsable(timestamp.signingTime) &&
      passes({ timestamps: [{ $case: 'timestamp-authority', timestamp }] }),
  );
  if (transparencyLog === 'require') return { ...trusted, timestamps };
  const signer = { key, certificate: certificate?.der };
  const logEntries = trusted.logEntries.filter(
    (entry) =>
      findLogFlaw(entry, signer) === undefined &&
      passes({ tlogEntries: [entry] }) &&
      promisedOf([entry]).map(timeOf).every(isUsable),
  );
  const times = timesOf({ timestamps, promised: promisedOf(logEntries) });
  const active = logEntries.filter((entry) => findInactiveLog([entry], times, root) === undefined);
  return { logEntries: active, timestamps, promised: promisedOf(active) };
}

function timeOf({ integratedTime }: LogEntry): Date {
  return new Date(Number(integratedTime) * 1000);
}

/** A time in a log entry counts where the log has signed it. */
function timesOf({ promised, timestamps }: Omit<Trusted, 'logEntries'>): readonly Date[] {
  return [...promised.map(timeOf), ...timestamps.map(({ signingTime }) => signingTime)];
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
