import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import type { Condition, Stage, SyncStatus } from '#shared/core/rsync.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { MAX_IMAGE, MAX_WORD } from './limits.ts';

/** `status` as API servers return it (docs/facts/config-sync.md#status); what cannot be read is absent. */

/** One error or condition message; a longer one is cut. */
const MAX_MESSAGE = 2_000;

/** Of such a message, how much is read for what must not be shown: an address that is cut is still one. */
const MAX_MESSAGE_READ = 8_000;

/** Errors per stage; Config Sync itself lists at most 100, and says how many there are. */
const MAX_ERRORS = 20;

/** Conditions; there are five types. */
const MAX_CONDITIONS = 20;

const word = z.string().max(MAX_WORD);
const optionalWord = word.optional().catch(undefined);
const count = z.number().int().nonnegative();
/** Quotes what was synced, and addresses with what git was given for them. */
const message = z
  .string()
  .transform((text) => cutText(withoutUrlSecrets(cutText(text, MAX_MESSAGE_READ)), MAX_MESSAGE));

const errorSchema = z
  .object({ code: word.catch(''), errorMessage: message.catch('') })
  .transform((error) => ({ code: error.code.replace(/^KNV/, ''), message: error.errorMessage }));

/** Go leaves out a total of zero: `{}` is a summary of no errors. */
const summarySchema = z
  .object({
    totalCount: count.default(0),
    truncated: z.boolean().default(false).catch(false),
    errorCountAfterTruncation: count.default(0).catch(0),
  })
  .nullish();

const NO_STAGE: Stage = { errors: [], errorCount: 0 };

const stageSchema = z
  .object({
    commit: optionalWord,
    lastUpdate: optionalWord,
    ociStatus: z
      .object({ image: z.string().max(MAX_IMAGE).optional() })
      .nullish()
      .catch(undefined),
    // Most have none, and what is caught costs as much as the rest of a status.
    errors: z
      .array(z.unknown())
      .nullish()
      .transform((errors) =>
        (errors ?? [])
          .slice(0, MAX_ERRORS)
          .flatMap((error) => errorSchema.safeParse(error).data ?? []),
      )
      .catch([]),
    errorSummary: summarySchema.catch(undefined),
  })
  .transform(
    ({ commit, ociStatus, lastUpdate, errors, errorSummary }): Stage =>
      defined({
        // Config Sync writes an empty commit where it has none, after a failed pull for one.
        commit: commit || undefined,
        image: ociStatus?.image,
        lastUpdate,
        errors,
        errorCount: Math.max(errorSummary?.totalCount ?? 0, errors.length),
      }),
  )
  .catch(NO_STAGE);

const STAGES = ['source', 'rendering', 'sync'] as const;

/** Whose errors a condition is about: `status.source.errors`. */
const sourcesSchema = z
  .array(z.templateLiteral(['status.', z.enum(STAGES), '.errors']))
  .max(MAX_CONDITIONS)
  .transform((names) =>
    names.flatMap((name) => STAGES.find((stage) => name === `status.${stage}.errors`) ?? []),
  )
  .nullish()
  .catch(undefined);

const conditionSchema = z
  .object({
    type: word,
    status: z.enum(['True', 'False', 'Unknown']),
    reason: word.catch(''),
    message: message.catch(''),
    commit: optionalWord,
    errorSummary: summarySchema,
    errorSourceRefs: sourcesSchema,
    /** Before Config Sync had summaries. */
    errors: z.array(z.unknown()).nullish(),
  })
  .transform(({ type, commit, errorSummary, errorSourceRefs, errors, ...said }) => {
    const { totalCount = 0, truncated, errorCountAfterTruncation } = errorSummary ?? {};
    const condition: Condition = defined({
      ...said,
      commit: commit || undefined,
      errorCount: Math.max(totalCount, errors?.length ?? 0),
      truncatedTo: truncated ? errorCountAfterTruncation : undefined,
      errorSources: errorSourceRefs ?? undefined,
    });
    return { type, condition };
  });

const NO_STATUS: SyncStatus = { source: NO_STAGE, rendering: NO_STAGE, sync: NO_STAGE };

const statusSchema = z
  .object({
    observedGeneration: count.optional().catch(undefined),
    lastSyncedCommit: optionalWord,
    source: stageSchema,
    rendering: stageSchema,
    sync: stageSchema,
    // All or none: without one that says Stalled, the others would look better than they are.
    conditions: z.array(conditionSchema).max(MAX_CONDITIONS).catch([]),
  })
  .transform(({ conditions, ...status }): SyncStatus => {
    const named = (name: string): Condition | undefined =>
      conditions.find(({ type }) => type === name)?.condition;
    return defined({
      ...status,
      reconciling: named('Reconciling'),
      stalled: named('Stalled'),
      syncing: named('Syncing'),
    });
  })
  .catch(NO_STATUS);

/** Reads `status` of an RSync; never throws, and what cannot be read is absent. */
export function readStatus(status: unknown): SyncStatus {
  return statusSchema.parse(status);
}
