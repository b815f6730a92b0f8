import type { SignedEntity } from '@sigstore/verify';
import * as z from 'zod';

import { type AttachedProof, isRefusal, type Refusal, refuse } from './candidate.ts';
import { decodeBase64, pemBlocks, pemToDer } from './encoding.ts';
import {
  MAX_CERTIFICATE_BYTES,
  MAX_CHAIN,
  MAX_CHECKPOINT_CHARACTERS,
  MAX_PROOF_HASHES,
  MAX_TIMESTAMP_BYTES,
} from './limits.ts';
import { checkSchema, parseJson } from './strict-json.ts';

/** Canonical base64, as bytes; `maxBytes` is looked at before anything is decoded. */
function base64Of(maxBytes: number): z.ZodType<Buffer, string> {
  return z
    .string()
    .max(Math.ceil(maxBytes / 3) * 4)
    .transform((text, context) => {
      const bytes = decodeBase64(text);
      if (bytes !== undefined) return bytes;
      context.addIssue('Not base64');
      return z.NEVER;
    });
}

/** Of anything that only a bundle's own size bounds. */
export const base64Bytes = base64Of(Number.MAX_SAFE_INTEGER);

/** protobuf JSON writes 64-bit numbers as text and leaves out what is 0. */
const int64 = z
  .union([z.string().regex(/^(?:0|[1-9][0-9]{0,18})$/), z.int().nonnegative()])
  .nullish()
  .transform((value) => String(value ?? 0));

/** `TransparencyLogEntry` of sigstore_rekor.proto. */
const logEntrySchema = z.object({
  logIndex: int64,
  logId: z.object({ keyId: base64Bytes }),
  kindVersion: z.object({ kind: z.string(), version: z.string() }),
  integratedTime: int64,
  inclusionPromise: z.object({ signedEntryTimestamp: base64Bytes }).nullish(),
  inclusionProof: z
    .object({
      logIndex: int64,
      rootHash: base64Bytes,
      treeSize: int64,
      hashes: z.array(base64Bytes).max(MAX_PROOF_HASHES).nullish(),
      checkpoint: z.object({ envelope: z.string().max(MAX_CHECKPOINT_CHARACTERS) }).nullish(),
    })
    .nullish(),
  canonicalizedBody: base64Bytes,
});

const timestampSchema = z.object({ signedTimestamp: base64Of(MAX_TIMESTAMP_BYTES) });

/** cosign's `dev.sigstore.cosign/bundle`: Rekor's answer, whose SET covers `Payload`. */
const legacyEntrySchema = z.object({
  SignedEntryTimestamp: base64Bytes,
  Payload: z.object({
    body: base64Bytes,
    integratedTime: z.int().positive(),
    logIndex: z.int().nonnegative(),
    logID: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

/** cosign's `dev.sigstore.cosign/rfc3161timestamp`. */
const legacyTimestampSchema = z.object({
  SignedRFC3161Timestamp: base64Of(MAX_TIMESTAMP_BYTES),
});

/** DER of a leaf, in a bundle. */
const certificateSchema = z.object({ rawBytes: base64Of(MAX_CERTIFICATE_BYTES) });

/** What every body in a log begins with. */
export const bodyKindSchema = z.looseObject({ kind: z.string(), apiVersion: z.string() });

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

// Names as cosign's code writes them (docs/facts/signatures.md#formats).
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
  // Version 0.1 promised; a proof without a checkpoint is over a root without a signature, and proves nothing.
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
