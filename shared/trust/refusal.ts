import { type SignedEntity, VerificationError, Verifier } from '@sigstore/verify';

import { type Refusal, refuse } from './candidate.ts';
import { type Certificate, isSignedBy } from './certificate.ts';
import { logOf } from './log-entry.ts';
import { isOutside } from './period.ts';
import type { Signed, Trusted } from './prove.ts';
import { authoritiesOf, type Timestamp } from './timestamp.ts';
import type { LogEntry } from './read-proof.ts';
import type { TrustRoot } from './trusted-root.ts';

const ANYTHING = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };

/**
 * Why the sigstore library refused: it names a stage, and what matters to people is which part, and whether the part
 * is wrong or only its time. Chooses words, never an outcome.
 */
export function explainRefusal(
  error: unknown,
  signed: Signed,
  trusted: Trusted,
  root: TrustRoot,
  assumed: readonly Date[],
): Refusal {
  const passes = createPartCheck(signed, root);
  for (const timestamp of trusted.timestamps) {
    if (passes({ timestamps: [{ $case: 'timestamp-authority', timestamp }] })) continue;
    return isUntimely(timestamp, root)
      ? refuse('time-out-of-range', 'Timestamp authority was not in use at the time it states')
      : refuse('missing-timestamp', 'Timestamp is not over this signature, or was altered');
  }
  for (const entry of trusted.logEntries) {
    if (passes({ tlogEntries: [entry] })) continue;
    return isUntimelyEntry(entry, root)
      ? refuse('time-out-of-range', 'Log key was not in use at the time of the entry')
      : refuse('log-mismatch', 'Log entry is of another signature, or was altered');
  }
  const times = [...assumed, ...trusted.timestamps.map(({ signingTime }) => signingTime)];
  for (const { integratedTime } of trusted.promised) {
    times.push(new Date(Number(integratedTime) * 1000));
  }
  const { certificate } = signed;
  const untimely = certificate && findUntimely(certificate, times, root);
  if (untimely !== undefined) return untimely;
  if (certificate === undefined || !(error instanceof VerificationError)) {
    return refuse('malformed', 'Proof of the signature cannot be read');
  }
  if (error.code !== 'CERTIFICATE_ERROR') {
    return refuse('malformed', 'Proof of the signature holds the same thing twice');
  }
  return refuse('untrusted-root', 'Certificate does not chain to the trusted root');
}

/** Makes a check of one log entry or stamp by itself, whoever signed and whenever. */
export function createPartCheck(
  { content, key }: Signed,
  root: TrustRoot,
): (part: Partial<Pick<SignedEntity, 'tlogEntries' | 'timestamps'>>) => boolean {
  const publicKey = () => ({ publicKey: key, validFor: () => true });
  const verifier = new Verifier({ ...root, publicKey }, ANYTHING);
  const nothing: SignedEntity = {
    signature: content,
    key: { $case: 'public-key', hint: '' },
    tlogEntries: [],
    timestamps: [],
  };
  return function passes(part) {
    try {
      verifier.verify({ ...nothing, ...part });
      return true;
    } catch {
      return false;
    }
  };
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
  const time = new Date(Number(entry.integratedTime) * 1000);
  return entry.inclusionPromise !== undefined && log !== undefined && isOutside(time, log.validFor);
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
    const isOver = ({ certChain }: (typeof issuers)[number]): boolean =>
      certChain.some(({ notAfter }) => notAfter < time);
    if (leaf.notAfter < time || issuers.every(isOver)) {
      return refuse('certificate-expired', `Certificate had expired at ${time.toISOString()}`);
    }
    if (time < leaf.notBefore || issuers.every(({ validFor }) => isOutside(time, validFor))) {
      const when = time.toISOString();
      return refuse('time-out-of-range', `Certificate was not trusted yet or any more at ${when}`);
    }
  }
  return undefined;
}
