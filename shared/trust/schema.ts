import * as z from 'zod';

import { type Digest, isDigest } from '#shared/core/digest.ts';

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));

/** OCI image-spec 1.1, "Image Manifest Property Descriptions". Layers are read one by one: one bad one hides no other. */
export const manifestSchema = z.object({
  artifactType: z.string().optional(),
  config: z.object({ mediaType: z.string() }).optional(),
  layers: z.array(z.unknown()),
  manifests: z.undefined().optional(),
});

/** OCI image-spec 1.1, "Image Index Property Descriptions": what a fallback tag holds. */
export const indexSchema = z.object({
  manifests: z.array(z.unknown()),
  layers: z.undefined().optional(),
});

/** OCI image-spec 1.1, "Content Descriptors". */
export const descriptorSchema = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  artifactType: z.string().nullish(),
});

export const layerSchema = descriptorSchema.omit({ artifactType: true }).extend({
  annotations: z.record(z.string(), z.string()).optional(),
});

export type Layer = z.infer<typeof layerSchema>;

/** The payload of a legacy signature: cosign SIGNATURE_SPEC, "Simple Signing". */
export const payloadSchema = z.object({
  critical: z.object({
    image: z.object({ 'docker-manifest-digest': digest }),
    type: z.literal('cosign container image signature'),
  }),
  optional: z.record(z.string(), z.unknown()).nullish(),
});

const base64 = z.string().min(1);

/** Sigstore bundle, protobuf JSON form: who signed, and what proves when. Entries and stamps are read on demand. */
export const materialSchema = z.object({
  publicKey: z.object({ hint: z.string().optional() }).optional(),
  certificate: z.object({ rawBytes: base64 }).optional(),
  x509CertificateChain: z
    .object({ certificates: z.tuple([z.object({ rawBytes: base64 })], z.unknown()) })
    .optional(),
  tlogEntries: z.array(z.unknown()).nullish(),
  timestampVerificationData: z
    .object({ rfc3161Timestamps: z.array(z.unknown()).nullish() })
    .nullish(),
});

export const envelopeSchema = z.object({
  payload: base64,
  payloadType: z.literal('application/vnd.in-toto+json'),
  signatures: z.tuple([z.object({ sig: base64 })]),
});

/** As far as a signature over an image needs it. */
export const bundleSchema = z.object({
  mediaType: z.string(),
  verificationMaterial: materialSchema,
  messageSignature: z.undefined().optional(),
  dsseEnvelope: envelopeSchema,
});

export type MaterialJson = z.infer<typeof materialSchema>;
export type EnvelopeJson = z.infer<typeof envelopeSchema>;

/** In-toto statement v1. The predicate type is read before the rest: an attestation is no malformed signature. */
export const statementSchema = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  predicateType: z.string(),
  subject: z.array(
    z.object({
      digest: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});

/** Versions 0.1, which cosign 2 writes, and 1. What the predicate holds is for the policy to say. */
export const attestationSchema = z.object({
  _type: z.enum(['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1']),
  predicateType: z.string(),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })),
  predicate: z.unknown(),
});

/** `_type` of older attestations differs; their predicate type alone says that they are no signature. */
export const predicateTypeSchema = z.looseObject({ predicateType: z.string() });
