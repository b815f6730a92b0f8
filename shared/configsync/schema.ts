import * as z from 'zod';
import { cutText } from '#shared/core/foreign-text.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import {
  MAX_ANNOTATION,
  MAX_CONDITIONS,
  MAX_ERRORS,
  MAX_IMAGE,
  MAX_MESSAGE,
  MAX_MESSAGE_READ,
  MAX_WORD,
} from './limits.ts';

/**
 * RootSync and RepoSync as API servers return them, v1beta1 and v1alpha1 alike (facts/config-sync.md sections 1 and
 * 5). The metadata must be right, or there is nothing to name. A spec is checked where it is used, so that the reason
 * can name the field. In the status whatever cannot be read counts as absent: that never makes anything look live.
 */

const DNS_NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

const dnsName = z.string().regex(DNS_NAME, 'is not a Kubernetes name');
const word = z.string().max(MAX_WORD);
const optionalWord = word.optional().catch(undefined);
const count = z.number().int().nonnegative();
const optionalCount = count.optional().catch(undefined);
/** Quotes what was synced, and addresses with what git was given for them. */
const message = z
  .string()
  .transform((text) => cutText(withoutUrlSecrets(text.slice(0, MAX_MESSAGE_READ)), MAX_MESSAGE));
const annotation = z.string().transform((text) => text.slice(0, MAX_ANNOTATION));

export const metadataSchema = z.object({
  kind: z.enum(['RootSync', 'RepoSync']),
  metadata: z.object({
    name: dnsName,
    namespace: dnsName,
    uid: word.min(1),
    resourceVersion: word.min(1),
    generation: count.default(0),
    deletionTimestamp: word.nullish(),
    finalizers: z.array(z.string().transform((text) => text.slice(0, MAX_WORD))).nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), annotation).nullish(),
  }),
});

export type Metadata = z.infer<typeof metadataSchema>['metadata'];

/** Config Sync's webhook accepts no other source types; its CRD defaults to git. */
export const specSchema = z.object({
  sourceType: z.string().max(MAX_WORD).default('git'),
  git: z.unknown().optional(),
  oci: z.unknown().optional(),
  helm: z.unknown().optional(),
});

const errorSchema = z.object({
  code: word.catch(''),
  errorMessage: message.catch(''),
});

/** Go leaves out a total of zero: `{}` is a summary of no errors. */
const summarySchema = z
  .object({
    totalCount: count.default(0),
    truncated: z.boolean().default(false).catch(false),
    errorCountAfterTruncation: count.default(0).catch(0),
  })
  .nullish();

/** For people only: whose errors a condition is about. */
const ERROR_SOURCES = {
  'status.source.errors': 'source',
  'status.rendering.errors': 'rendering',
  'status.sync.errors': 'sync',
} as const;
const sourcesSchema = z
  .array(
    z
      .enum(['status.source.errors', 'status.rendering.errors', 'status.sync.errors'])
      .transform((name) => ERROR_SOURCES[name]),
  )
  .max(MAX_CONDITIONS)
  .nullish()
  .catch(undefined);

const stageSchema = z
  .object({
    commit: optionalWord,
    lastUpdate: optionalWord,
    ociStatus: z
      .object({ image: z.string().max(MAX_IMAGE).optional() })
      .nullish()
      .catch(undefined),
    errors: z
      .array(z.unknown())
      .transform((errors) =>
        errors.slice(0, MAX_ERRORS).flatMap((error) => errorSchema.safeParse(error).data ?? []),
      )
      .catch([]),
    errorSummary: summarySchema.catch(undefined),
  })
  .optional()
  .catch(undefined);

const conditionSchema = z.object({
  type: word,
  status: z.enum(['True', 'False', 'Unknown']),
  reason: word.catch(''),
  message: message.catch(''),
  commit: optionalWord,
  errorSummary: summarySchema,
  errorSourceRefs: sourcesSchema,
  /** Before Config Sync had summaries. */
  errors: z.array(z.unknown()).nullish(),
});

export const statusSchema = z
  .object({
    observedGeneration: optionalCount,
    lastSyncedCommit: optionalWord,
    source: stageSchema,
    rendering: stageSchema,
    sync: stageSchema,
    // All or none: without one that says Stalled, the others would look better than they are.
    conditions: z.array(conditionSchema).max(MAX_CONDITIONS).catch([]),
  })
  .catch({ source: undefined, rendering: undefined, sync: undefined, conditions: [] });

export type ForeignStage = z.infer<typeof stageSchema>;
export type ForeignCondition = z.infer<typeof conditionSchema>;
