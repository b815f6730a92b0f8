import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { SignedEntity } from '@sigstore/verify';
import * as z from 'zod';
import { type AttachedProof, isRefusal, type Refusal, refuse } from './candidate.ts';
import {
  base64Bytes,
  base64Of,
  checkSchema,
  parseJson,
  pemBlocks,
  pemToDer,
} from './foreign-bytes.ts';
import {
  MAX_CERTIFICATE_BYTES,
  MAX_CHAIN,
  MAX_CHECKPOINT_CHARACTERS,
  MAX_PROOF_HASHES,
  MAX_TIMESTAMP_BYTES,
} from './limits.ts';

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

const rawBytes = z.object({ rawBytes: base64Of(MAX_CERTIFICATE_BYTES) });

/** What a bundle carries; of its chain what cannot be read is left out. */
const bundleProofSchema = z.object({
  certificate: base64Of(MAX_CERTIFICATE_BYTES).optional(),
  chain: z.array(rawBytes.nullable().catch(null)).optional(),
  logEntries: z.array(logEntrySchema),
  timestamps: z.array(z.object({ signedTimestamp: base64Of(MAX_TIMESTAMP_BYTES) })),
});

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
const legacyTimestampSchema = z.object({ SignedRFC3161Timestamp: base64Of(MAX_TIMESTAMP_BYTES) });

/** What every body in a log begins with. */
const bodyKindSchema = z.looseObject({ kind: z.string(), apiVersion: z.string() });

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
  const read = checkSchema(attached, bundleProofSchema, 'Proof');
  if (isRefusal(read)) return read;
  const { certificate, chain = [], timestamps } = read;
  const logEntries = read.logEntries.map(
    ({ inclusionPromise: promise, inclusionProof: proof, ...rest }): LogEntry => ({
      ...rest,
      inclusionPromise: promise ?? undefined,
      inclusionProof: proof?.checkpoint
        ? { ...proof, hashes: proof.hashes ?? [], checkpoint: proof.checkpoint }
        : undefined,
    }),
  );
  // Version 0.1 promised; a proof without a checkpoint is over a root without a signature, and proves nothing.
  const isProved = logEntries.every(({ inclusionProof }) => inclusionProof !== undefined);
  if (!isProved && !attached.mediaType.endsWith('=0.1')) {
    return refuse('malformed', 'Log entry has no inclusion proof with a checkpoint');
  }
  return {
    certificate,
    chain: chain.flatMap((one) => one?.rawBytes ?? []),
    logEntries,
    timestamps: timestamps.map(({ signedTimestamp }) => signedTimestamp),
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
  const chain = (annotations[CHAIN] ?? '').slice(0, 2 * MAX_CERTIFICATE_BYTES);
  return {
    certificate: certificate?.der,
    chain: pemBlocks(chain, MAX_CHAIN) ?? [],
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

/** Who signed: the key, and the leaf of a keyless signer, DER. */
export interface LoggedSigner {
  readonly key: KeyObject;
  readonly certificate: { readonly der: Buffer } | undefined;
}

/** Who an entry says has signed, DER. */
interface Logged {
  readonly certificate?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

const pemSigner = base64Bytes.transform((text): Logged => {
  const block = pemToDer(text.toString('latin1'));
  if (block?.label === 'CERTIFICATE') return { certificate: block.der };
  return block?.label === 'PUBLIC KEY' ? { key: block.der } : {};
});
const der = z.object({ rawBytes: base64Bytes }).optional();
const derSigner = z
  .object({ publicKey: der, x509Certificate: der })
  .transform(
    ({ publicKey: key, x509Certificate: certificate }): Logged =>
      key && certificate ? {} : { key: key?.rawBytes, certificate: certificate?.rawBytes },
  );

/** Where entries of cosign 1 to 3 have their signer: PEM in log version 1, DER in 2. `0` is the one element of a list. */
const KINDS: ReadonlyMap<string, { readonly at: string; readonly signer: z.ZodType<Logged> }> =
  new Map([
    ['hashedrekord 0.0.1', { at: 'spec.signature.publicKey.content', signer: pemSigner }],
    ['dsse 0.0.1', { at: 'spec.signatures.0.verifier', signer: pemSigner }],
    ['intoto 0.0.2', { at: 'spec.content.envelope.signatures.0.publicKey', signer: pemSigner }],
    ['hashedrekord 0.0.2', { at: 'spec.hashedRekordV002.signature.verifier', signer: derSigner }],
    ['dsse 0.0.2', { at: 'spec.dsseV002.signatures.0.verifier', signer: derSigner }],
  ]);

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

/**
 * Why a log entry is not of this signer; undefined when it is. The sigstore library compares the signature and the
 * digest, and never whose key they were logged with (GHSA-fx35-mq7g-6g98, CVE-2026-22703).
 */
function findOtherSigner(entry: LogEntry, signer: LoggedSigner): Refusal | undefined {
  const body = parseJson(entry.canonicalizedBody, bodyKindSchema, 'Log entry');
  if (isRefusal(body)) return body;
  const kind = KINDS.get(`${body.kind} ${body.apiVersion}`);
  if (kind === undefined) return refuse('log-mismatch', 'Log entry is of a kind that is not read');
  const logged = checkSchema(valueAt(body, kind.at), kind.signer, 'Signer of a log entry');
  if (isRefusal(logged)) return logged;
  return isSame(logged, signer)
    ? undefined
    : refuse('log-mismatch', 'Log entry is of another signer');
}

function valueAt(body: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (key === '0') return Array.isArray(value) && value.length === 1 ? value[0] : undefined;
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isThere ? Reflect.get(value, key) : undefined;
  }, body);
}

function isSame({ certificate, key: spki }: Logged, signer: LoggedSigner): boolean {
  // The log must show the identity, not only the key: people watch it for their names.
  if (signer.certificate !== undefined) {
    return certificate !== undefined && certificate.equals(signer.certificate.der);
  }
  try {
    const key =
      certificate === undefined
        ? createPublicKey({ key: spki ?? Buffer.alloc(0), format: 'der', type: 'spki' })
        : new X509Certificate(certificate).publicKey;
    return key.equals(signer.key);
  } catch {
    return false;
  }
}
