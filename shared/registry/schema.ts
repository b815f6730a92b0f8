import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';

/** Far above what a real index lists, far below what makes reading it a burden. */
const MAX_CHILDREN = 1_000;
const MAX_LAYERS = 1_000;

export const digestSchema: z.ZodType<Digest> = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'is not "sha256:" and 64 lower-case hex digits',
);

/** A descriptor in a list of referrers; of another digest algorithm it may be, too. */
export const referrerSchema = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number().int().nonnegative(),
  artifactType: z.string().nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** A list of referrers; its entries are read one by one, so that a broken one hides no other. */
export const referrersSchema = z.object({ manifests: z.array(z.unknown()).nullable() });

export const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });

/** Docker registry token specification: `token`, or OAuth's name for the same. */
export const tokenSchema = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** OCI distribution 1.1, "Error Codes". */
export const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string() })).min(1),
});

/** What decides which child of an index is pulled: read by Config Sync's library, hence by us, and nothing else. */
export const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z
    .array(
      z.object({
        mediaType: z.string(),
        digest: digestSchema,
        platform: z
          .object({ os: z.string().optional(), architecture: z.string().optional() })
          .nullish(),
      }),
    )
    .max(MAX_CHILDREN),
});

export const imageSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: z.object({ digest: digestSchema, mediaType: z.string().optional().catch(undefined) }),
  annotations: z.record(z.string(), z.string()).nullish().catch(undefined),
  layers: z
    .array(z.object({ digest: digestSchema }))
    .min(1)
    .max(MAX_LAYERS),
});

/** What decides which bytes of an image are unpacked. */
export const layersSchema = z.object({
  config: z.object({
    digest: digestSchema,
    mediaType: z.string().optional().catch(undefined),
    size: z.number().int().nonnegative(),
  }),
  layers: z
    .array(
      z.object({
        digest: digestSchema,
        mediaType: z.string().optional().catch(undefined),
        size: z.number().int().nonnegative(),
      }),
    )
    .min(1)
    .max(MAX_LAYERS),
});

export const subjectSchema = z.object({ subject: z.object({ digest: digestSchema }).nullish() });
