import type { SignedEntity } from '@sigstore/verify';

import { type AttachedProof, isRefusal, type Refusal, refuse } from './candidate.ts';
import { MAX_CERTIFICATE_BYTES, MAX_CHAIN } from './limits.ts';
import {
  bodyKindSchema,
  certificateSchema,
  legacyEntrySchema,
  legacyTimestampSchema,
  logEntrySchema,
  timestampSchema,
} from './proof-schema.ts';
import { pemBlocks, pemToDer } from './pem.ts';
import { checkSchema, parseJson } from './strict-json.ts';

export type LogEntry = SignedEntity['tlogEntries'][number];

/** What came along with a signature, well formed and still unauthenticated. */
export interface Proof {
  /** DER of the leaf. */
  readonly certificate: Buffer | undefined;
  /** DER of what came along with it, whatever that is: only a PKI of one's own looks for intermediates there. */
  readonly chain: readonly Buffer[];
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 responses, DER. */
  readonly timestamps: readonly Buffer[];
}

// Names as cosign's code writes them (facts/signatures.md section 1).
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const CHAIN = 'dev.sigstore.cosign/chain';
const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp';

/** Reads a proof of either form; `malformed` when any part of it is. */
export function readProof(attached: AttachedProof): Proof | Refusal {
  return attached.form === 'bundle'
    ? readBundleProof(attached)
    : readAnnotations(attached.annotations);
}

function readBundleProof(attached: AttachedProof & { form: 'bundle' }): Proof | Refusal {
  const { certificate: rawBytes } = attached;
  const leaf = rawBytes === undefined ? undefined : readLeaf(rawBytes);
  if (leaf !== undefined && isRefusal(leaf)) return leaf;
  const entries = attached.logEntries.map((entry) => readEntry(entry, attached.mediaType));
  const stamps = attached.timestamps.map((stamp) => checkSchema(stamp, timestampSchema, 'Stamp'));
  const bad = [...entries, ...stamps].find(isRefusal);
  if (bad !== undefined) return bad;
  return {
    certificate: leaf?.rawBytes,
    chain: (attached.chain ?? []).flatMap((one) => {
      const read = checkSchema(one, certificateSchema, 'Certificate');
      return isRefusal(read) ? [] : [read.rawBytes];
    }),
    logEntries: entries.flatMap((entry) => (isRefusal(entry) ? [] : entry)),
    timestamps: stamps.flatMap((stamp) => (isRefusal(stamp) ? [] : stamp.signedTimestamp)),
  };
}

function readLeaf(rawBytes: string): { rawBytes: Buffer } | Refusal {
  return checkSchema({ rawBytes }, certificateSchema, 'Certificate');
}

function readEntry(value: unknown, mediaType: string): LogEntry | Refusal {
  const entry = checkSchema(value, logEntrySchema, 'Log entry');
  if (isRefusal(entry)) return entry;
  const { inclusionPromise: promise, inclusionProof: proof, ...rest } = entry;
  const { checkpoint } = proof ?? {};
  // Version 0.1 promised; a proof without a checkpoint is over a root that nobody signed, and proves nothing.
  if (!checkpoint && !mediaType.endsWith('=0.1')) {
    return refuse('malformed', 'Log entry has no inclusion proof with a checkpoint');
  }
  return {
    ...rest,
    inclusionPromise: promise ?? undefined,
    inclusionProof:
      proof && checkpoint ? { ...proof, hashes: proof.hashes ?? [], checkpoint } : undefined,
  };
}

function readAnnotations(annotations: Readonly<Record<string, string>>): Proof | Refusal {
  const { [CERTIFICATE]: pem, [LOG_ENTRY]: log, [TIMESTAMP]: stamp } = annotations;
  const certificate = pem ? pemToDer(pem.slice(0, 2 * MAX_CERTIFICATE_BYTES)) : undefined;
  if (pem && certificate?.label !== 'CERTIFICATE') {
    return refuse('malformed', `Annotation ${CERTIFICATE} is not one certificate`);
  }
  const entry = log ? readLegacyEntry(log) : undefined;
  if (entry !== undefined && isRefusal(entry)) return entry;
  const time = stamp ? parseJson(Buffer.from(stamp), legacyTimestampSchema, 'Stamp') : undefined;
  if (time !== undefined && isRefusal(time)) return time;
  return {
    certificate: certificate?.der,
    chain:
      pemBlocks((annotations[CHAIN] ?? '').slice(0, 2 * MAX_CERTIFICATE_BYTES), MAX_CHAIN) ?? [],
    logEntries: entry === undefined ? [] : [entry],
    timestamps: time === undefined ? [] : [time.SignedRFC3161Timestamp],
  };
}

function readLegacyEntry(text: string): LogEntry | Refusal {
  const answer = parseJson(Buffer.from(text), legacyEntrySchema, 'Log entry');
  if (isRefusal(answer)) return answer;
  const { body, integratedTime, logIndex, logID } = answer.Payload;
  const kind = parseJson(body, bodyKindSchema, 'Log entry');
  if (isRefusal(kind)) return kind;
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex') },
    kindVersion: { kind: kind.kind, version: kind.apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: answer.SignedEntryTimestamp },
    inclusionProof: undefined,
    canonicalizedBody: body,
  };
}
