import type { KeyObject } from 'node:crypto';
import { ASN1Obj, RFC3161Timestamp } from '@sigstore/core';
import { Verifier } from '@sigstore/verify';
import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { type Certificate, isOutside, isSignedBy } from './certificate.ts';
import { MAX_TRUSTED_PROOFS } from './limits.ts';
import { findLogFlaw, type LogEntry, type Proof } from './read-proof.ts';
import type { TrustRoot } from './trusted-root.ts';
import type { SignatureContent } from './verify-key.ts';

/** Something signed, and by whom. */
export interface Signed {
  readonly content: SignatureContent;
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

/** RFC 3161, section 2.4.2: genTime, with any number of digits after the second. */
const GEN_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/;

/** A stamp whose time may have any fraction: the library reads none but one of three digits. */
export class Timestamp extends RFC3161Timestamp {
  override get signingTime(): Date {
    const text = this.tstInfo.root.subs[4]?.value.toString('latin1') ?? '';
    const [, year, month, day, hour, minute, second, fraction = ''] = GEN_TIME.exec(text) ?? [];
    const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`);
    if (Number.isNaN(time.getTime())) throw new Error('Stamp has no time');
    return time;
  }
}

/** Reads an RFC 3161 response, unauthenticated; `malformed` when its time or its signer cannot be read. */
function readTimestamp(der: Buffer): Timestamp | Refusal {
  try {
    const stamp = new Timestamp(ASN1Obj.parseBuffer(Buffer.from(der)));
    // Each is read from afar, and throws where there is nothing.
    void [stamp.signingTime, stamp.signerSerialNumber.length, stamp.signerIssuer.length];
    return stamp;
  } catch {
    return refuse('malformed', 'Timestamp cannot be read');
  }
}

/** The trusted log that an entry claims to be in. */
export function logOf(entry: LogEntry, root: TrustRoot): TrustRoot['tlogs'][number] | undefined {
  return root.tlogs.find(({ logID }) => logID.equals(entry.logId.keyId));
}

/** The authorities of a root that have the signer that a stamp names; a stamp without any is of an unknown authority. */
export function authoritiesOf(
  stamp: Timestamp,
  root: TrustRoot,
): TrustRoot['timestampAuthorities'] {
  return root.timestampAuthorities.filter(
    ({ certChain: [signer] }) =>
      signer?.serialNumber.equals(stamp.signerSerialNumber) &&
      signer.issuer.equals(stamp.signerIssuer),
  );
}

/**
 * One stamp of an unknown authority would make the library refuse all: those that are not trusted are not shown. Of
 * the others each once, those of a usable time first, and no more than are verified.
 */
export function selectTrusted({ proof, certificate }: Signed, root: TrustRoot): Trusted | Refusal {
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
  return { logEntries, timestamps };
}

/** The entries whose promise says when; a checkpoint does not (Rekor 2 has no promise). */
export function promisedOf(entries: readonly LogEntry[]): readonly LogEntry[] {
  return entries.filter(({ inclusionPromise }) => inclusionPromise !== undefined);
}

/**
 * What is good by itself: a threshold of stamps suffices, and it is one. Entries of trusted logs have to be good one and
 * all, as in sigstore-go, unless a stamp does in place of the log.
 */
export function selectGood(
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  transparencyLog: 'require' | 'timestamp',
): Trusted {
  const { certificate } = signed;
  const named = withCheckpointNames(root, trusted.logEntries);
  const isUsable = (time: Date): boolean =>
    certificate === undefined || findUntimely(certificate, [time], root) === undefined;
  const timestamps = trusted.timestamps.filter(
    (timestamp) => isUsable(timestamp.signingTime) && isGoodPart(signed, named, timestamp),
  );
  if (transparencyLog === 'require') return { ...trusted, timestamps };
  const logEntries = trusted.logEntries.filter(
    (entry) =>
      findLogFlaw(entry, signed) === undefined &&
      isGoodPart(signed, named, entry) &&
      promisedOf([entry]).map(timeOf).every(isUsable),
  );
  const times = timesOf({ timestamps, logEntries });
  return { logEntries: logEntries.filter((entry) => isLogInUse(entry, times, root)), timestamps };
}

export function timeOf({ integratedTime }: LogEntry): Date {
  return new Date(Number(integratedTime) * 1000);
}

/** A time in a log entry counts where the log has signed it. */
export function timesOf({ logEntries, timestamps }: Trusted): readonly Date[] {
  return [
    ...promisedOf(logEntries).map(timeOf),
    ...timestamps.map(({ signingTime }) => signingTime),
  ];
}

/** The library looks at a log key's period for a promise only: a retired key must not sign checkpoints for ever. */
export function isLogInUse(entry: LogEntry, times: readonly Date[], root: TrustRoot): boolean {
  const log = logOf(entry, root);
  return log !== undefined && times.some((time) => !isOutside(time, log.validFor));
}

/** Whether the sigstore library verifies one log entry or stamp by itself, whatever the signer and the time. */
export function isGoodPart(
  { content, key }: Signed,
  root: TrustRoot,
  part: LogEntry | Timestamp,
): boolean {
  const publicKey = () => ({ publicKey: key, validFor: () => true });
  const nothing = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  try {
    new Verifier({ ...root, publicKey }, nothing).verify({
      signature: content,
      key: { $case: 'public-key', hint: '' },
      tlogEntries: part instanceof Timestamp ? [] : [part],
      timestamps:
        part instanceof Timestamp ? [{ $case: 'timestamp-authority', timestamp: part }] : [],
    });
    return true;
  } catch {
    return false;
  }
}

/** Why a certificate, or every authority that may have issued it, was not in use at one of the times. */
export function findUntimely(
  { parsed: leaf }: Certificate,
  times: readonly Date[],
  root: TrustRoot,
): Refusal | undefined {
  const issuers = root.certificateAuthorities.filter((authority) =>
    authority.certChain.some((issuer) => isSignedBy(leaf, issuer)),
  );
  for (const time of times) {
    const when = time.toISOString();
    const areOver = issuers.every(({ certChain }) =>
      certChain.some(({ notAfter }) => notAfter < time),
    );
    if (leaf.notAfter < time || areOver) {
      return refuse('certificate-expired', `Certificate had expired at ${when}`);
    }
    if (time < leaf.notBefore || issuers.every(({ validFor }) => isOutside(time, validFor))) {
      return refuse('time-out-of-range', `Certificate was not trusted yet or any more at ${when}`);
    }
  }
  return undefined;
}

/** The library wants a checkpoint's name in the log's URL; Rekor 1 signs with its machine's. The key is what counts. */
export function withCheckpointNames(root: TrustRoot, entries: readonly LogEntry[]): TrustRoot {
  const names = promisedOf(entries).map(
    ({ inclusionProof }) => inclusionProof?.checkpoint?.envelope ?? '',
  );
  if (names.length === 0) return root;
  const tlogs = root.tlogs.map((log) => ({ ...log, baseURL: [log.baseURL, ...names].join('\n') }));
  return { ...root, tlogs };
}
