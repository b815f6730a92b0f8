import * as z from 'zod';
import type { Digest } from '#shared/core/digest.ts';
import { defined } from '#shared/core/defined.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { type Candidate, type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { decodeWrappedBase64, parseJson } from './foreign-bytes.ts';
import { MAX_BUNDLE_BYTES, MAX_LOG_ENTRIES, MAX_PAYLOAD_BYTES, MAX_TIMESTAMPS } from './limits.ts';
import type { PlaceReader } from './read-place.ts';
import {
  BUNDLES,
  digestSchema,
  formatOf,
  type Found,
  type Layer,
  type SignatureLayer,
} from './signature-manifest.ts';
import { envelopeSchema, readStatement } from './statement.ts';

/** The payload of a legacy signature: cosign SIGNATURE_SPEC, "Simple Signing". */
const payloadSchema = z.lazy(() =>
  z.object({
    critical: z.object({
      image: z.object({ 'docker-manifest-digest': digestSchema }),
      type: z.literal('cosign container image signature'),
    }),
    optional: z.record(z.string(), z.unknown()).nullish(),
  }),
);

const rawBytes = z.object({ rawBytes: z.string().min(1) });

/** Sigstore bundle, protobuf JSON form: who signed, and what proves when. Entries and stamps are read on demand. */
export const materialSchema = z.object({
  publicKey: z.object({ hint: z.string().optional() }).optional(),
  certificate: rawBytes.optional(),
  x509CertificateChain: z.object({ certificates: z.tuple([rawBytes], z.unknown()) }).optional(),
  tlogEntries: z.array(z.unknown()).nullish(),
  timestampVerificationData: z
    .object({ rfc3161Timestamps: z.array(z.unknown()).nullish() })
    .nullish(),
});

/** As far as a signature over an image needs it. */
const bundleSchema = z.lazy(() =>
  z.object({
    mediaType: z.string(),
    verificationMaterial: materialSchema,
    messageSignature: z.undefined().optional(),
    dsseEnvelope: envelopeSchema,
  }),
);

// Names as cosign's code writes them; its specification has others (docs/facts/signatures.md#formats).
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';

export interface Wanted {
  /** The other form is refused unread: a policy that names one is never satisfied by a downgrade. */
  readonly format: TrustPolicy['format'];
  /** Of the attestations that the policy asks for; none: they are not looked for. */
  readonly predicateTypes: ReadonlySet<string>;
}

/** Fetches and reads what was found in a place, as far as it can be read without looking at its cryptography. */
export async function readCandidate(
  found: Found,
  subject: Digest,
  reader: Pick<PlaceReader, 'blob'>,
  wanted: Wanted,
): Promise<Candidate> {
  if ('refused' in found) return found;
  const { kind, layer, manifest } = found;
  const bytes = await fetchLayer(found, reader, wanted);
  const signed = isRefusal(bytes) ? bytes : readLayer(found, bytes, subject, wanted);
  const source = kind === 'bundle' ? manifest : layer.digest;
  const from = { source, format: formatOf(kind) };
  return isRefusal(signed) ? { ...from, ...signed } : { ...from, subject, ...signed };
}

/** What one signature says and shows, wherever it was found. */
type Content = Omit<Evidence, 'source' | 'format' | 'subject'>;

function readLayer(
  { kind, layer }: SignatureLayer,
  bytes: Uint8Array,
  subject: Digest,
  { predicateTypes }: Wanted,
): Content | Refusal {
  switch (kind) {
    case 'signature':
      return readLegacySignature(layer, bytes, subject);
    case 'attestation':
      return readDsseAttestation(layer, bytes, subject, predicateTypes);
    case 'bundle':
      return readBundleSignature(bytes, subject, predicateTypes);
  }
}

async function fetchLayer(
  { kind, layer }: SignatureLayer,
  reader: Pick<PlaceReader, 'blob'>,
  wanted: Wanted,
): Promise<Uint8Array | Refusal> {
  if (wanted.format !== 'any' && wanted.format !== formatOf(kind)) {
    return refuse('wrong-format', `Policy accepts only signatures of the ${wanted.format} form`);
  }
  const maxBytes = kind === 'signature' ? MAX_PAYLOAD_BYTES : MAX_BUNDLE_BYTES;
  if (layer.size > maxBytes) {
    return refuse('too-large', `Signature has ${layer.size} bytes; ${maxBytes} are read`);
  }
  const bytes = await reader.blob(layer.digest, layer.size);
  if (bytes === undefined) return refuse('malformed', `Blob ${layer.digest} cannot be fetched`);
  if (bytes instanceof Uint8Array && bytes.length !== layer.size) {
    return refuse('malformed', 'Signature has another size than its descriptor says');
  }
  return bytes;
}

/** Reads a legacy signature, payload and annotation, over `subject` alone. Cosign checks neither type nor base64. */
export function readLegacySignature(
  layer: Layer,
  bytes: Uint8Array,
  subject: Digest,
): Content | Refusal {
  // `base64 | cosign attach signature` stores the text as it came (cosign, "Signing with a KMS key by hand").
  const signature = decodeWrappedBase64(layer.annotations?.[SIGNATURE] ?? '');
  if (signature === undefined) {
    return refuse('malformed', `Annotation ${SIGNATURE} is missing or not base64`);
  }
  const parsed = parseJson(bytes, payloadSchema, 'Payload');
  if (isRefusal(parsed)) return parsed;
  const signed = parsed.critical.image['docker-manifest-digest'];
  if (signed !== subject) {
    return refuse('digest-mismatch', `Signature is for ${signed}, not for ${subject}`);
  }
  const payload = Buffer.from(bytes);
  const claims = [parsed.optional ?? {}];
  return { signedBytes: payload, signature, payload, claims, ...readAnnotations(layer) };
}

function readAnnotations({ annotations = {} }: Layer): Pick<Evidence, 'material' | 'proof'> {
  return {
    material: { type: annotations[CERTIFICATE] ? 'certificate' : 'unnamed' },
    proof: { form: 'annotations', annotations },
  };
}

/** Reads an attestation of the legacy form, of the type that its statement says, which is signed, not an annotation. */
function readDsseAttestation(
  layer: Layer,
  bytes: Uint8Array,
  subject: Digest,
  predicateTypes: ReadonlySet<string>,
): Content | Refusal {
  const envelope = parseJson(bytes, envelopeSchema, 'Envelope');
  if (isRefusal(envelope)) return envelope;
  const statement = readStatement(envelope.payload, subject, predicateTypes);
  if (isRefusal(statement)) return statement;
  if (statement.attestation === undefined) {
    return refuse('malformed', 'Signature is where attestations are, in a form that none has');
  }
  // Cosign stamps what the layer's signature annotation would be over, which is empty (`VerifyRFC3161Timestamp`).
  const stampedBytes = Buffer.from(bytes);
  return { ...envelope, ...statement, stampedBytes, ...readAnnotations(layer) };
}

/** Reads a bundle (0.3, DSSE 1.0) over `subject`: a cosign signature, or an attestation of one of `predicateTypes`. */
export function readBundleSignature(
  bytes: Uint8Array,
  subject: Digest,
  predicateTypes: ReadonlySet<string>,
): Content | Refusal {
  const bundle = parseJson(bytes, bundleSchema, 'Bundle');
  if (isRefusal(bundle)) return bundle;
  const material = readBundleMaterial(bundle.mediaType, bundle.verificationMaterial);
  if (isRefusal(material)) return material;
  const statement = readStatement(bundle.dsseEnvelope.payload, subject, predicateTypes);
  return isRefusal(statement) ? statement : { ...bundle.dsseEnvelope, ...material, ...statement };
}

/** Who a bundle says has signed it, and the proof that it carries: unread, and not too much of it. */
export function readBundleMaterial(
  mediaType: string,
  material: z.infer<typeof materialSchema>,
): Pick<Evidence, 'material' | 'proof'> | Refusal {
  if (!BUNDLES.includes(mediaType)) return refuse('malformed', 'Bundle is of an unknown version');
  const { publicKey, certificate, x509CertificateChain: chain } = material;
  const logEntries = material.tlogEntries ?? [];
  const timestamps = material.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (logEntries.length > MAX_LOG_ENTRIES) {
    return refuse('too-many', `Bundle has more than ${MAX_LOG_ENTRIES} log entries`);
  }
  if (timestamps.length > MAX_TIMESTAMPS) {
    return refuse('too-many', `Bundle has more than ${MAX_TIMESTAMPS} timestamps`);
  }
  if ([publicKey, certificate, chain].filter((one) => one !== undefined).length !== 1) {
    return refuse('malformed', 'Bundle needs exactly one of publicKey and certificate');
  }
  const hint = publicKey && (publicKey.hint ?? '');
  return {
    material: hint === undefined ? { type: 'certificate' } : { type: 'public-key', hint },
    proof: {
      form: 'bundle',
      mediaType,
      certificate: certificate?.rawBytes ?? chain?.certificates[0].rawBytes,
      // Version 0.3 took it away, and cosign 3 writes one all the same for a PKI of one's own.
      ...defined({ chain: chain?.certificates.slice(1) }),
      logEntries,
      timestamps,
    },
  };
}
