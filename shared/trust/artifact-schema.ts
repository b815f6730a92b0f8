import * as z from 'zod';

import { envelopeSchema, materialSchema } from './schema.ts';

/** In-toto statement 0.1 or 1, whatever its predicate: what a bundle over an artifact may hold. */
export const statementAboutSchema = z.object({
  _type: z.enum(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']),
  predicateType: z.string(),
  subject: z.array(
    z.object({
      digest: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});

const base64 = z.string().min(1);

/** A signature over the artifact itself: sigstore_common.proto, `MessageSignature`. */
const messageSchema = z.object({
  messageDigest: z.object({
    algorithm: z.enum(['SHA2_256', 'SHA2_384', 'SHA2_512']),
    digest: base64,
  }),
  signature: base64,
});

/** A bundle with one content: the first of two would be verified, and the other believed. */
export const artifactBundleSchema = z
  .object({
    mediaType: z.string(),
    verificationMaterial: materialSchema,
    messageSignature: messageSchema.optional(),
    dsseEnvelope: envelopeSchema.optional(),
  })
  .refine(
    (bundle) => (bundle.messageSignature === undefined) !== (bundle.dsseEnvelope === undefined),
  );

export type ArtifactBundle = z.infer<typeof artifactBundleSchema>;
export type MessageJson = z.infer<typeof messageSchema>;
