import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { CLUSTER_PHASES, FAILURE_PHASES, PHASES, ROLLOUT_STATUSES } from '#shared/core/phase.ts';
import { parseJson } from '#shared/net/json.ts';
import type { ClusterRecord, ImageRecord, NoteKind, Notes } from './store.ts';

/**
 * Rows as they are read back. Anyone who can write to the store may have written them, an older version of Countersign
 * included, so that a row that does not fit counts as absent.
 */
const VERDICTS = ['verified', 'unsigned', 'incomplete', 'untrusted', 'unusable'] as const;

const ImageStatus = z.enum([...VERDICTS, 'unchecked']);

const Time = z.iso.datetime();

const Record = z.object({
  phase: z.enum(PHASES),
  digest: z.string().exactOptional(),
  since: Time,
  approved: z.string().exactOptional(),
  failure: z
    .object({
      phase: z.enum(FAILURE_PHASES),
      since: Time,
      digest: z.string().exactOptional(),
      before: z.enum(PHASES).exactOptional(),
    })
    .exactOptional(),
});

const Row = z.object({
  sync: z.string(),
  uid: z.string(),
  image: z.string().exactOptional(),
  target: z.string().exactOptional(),
  index: z.string().exactOptional(),
  live: z.string().exactOptional(),
  verdict: z.enum(VERDICTS).exactOptional(),
  approved: z.array(z.string()),
  approval: z
    .object({
      digest: z.string(),
      index: z.string().exactOptional(),
      policy: z.string(),
      resolvedAt: Time,
    })
    .exactOptional(),
  record: Record,
  message: z.string(),
  errors: z.array(z.object({ code: z.string(), message: z.string() })),
  unsettled: z
    .object({ since: Time, attempts: z.int().min(0), code: z.string(), dueAt: Time })
    .exactOptional(),
  deleting: z.literal(true).exactOptional(),
  nomos: z.string(),
  shown: z
    .object({
      source: z.string(),
      commit: z.string(),
      syncedAt: z.string().exactOptional(),
      errors: z.array(z.string()),
      errorCount: z.number(),
      truncatedTo: z.number().exactOptional(),
    })
    .exactOptional(),
  breakGlass: z.string().exactOptional(),
});

export const StoredCluster: z.ZodType<ClusterRecord> = z.object({
  cluster: z.string(),
  phase: z.enum(CLUSTER_PHASES),
  since: Time,
  message: z.string().exactOptional(),
  reconciledAt: Time.exactOptional(),
  lookedAt: Time.exactOptional(),
  doubtful: z.literal(true).exactOptional(),
  follows: z.array(z.string()),
  syncs: z.array(Row),
});

export const StoredImage: z.ZodType<ImageRecord> = z.object({
  repository: z.string(),
  digest: z.string(),
  status: ImageStatus.exactOptional(),
  policy: z.string(),
  since: Time,
  readAt: Time,
  names: z.string().exactOptional(),
  remindedAt: Time.exactOptional(),
  claim: z
    .object({
      status: ImageStatus,
      cause: z.string(),
      at: Time,
      tag: z.string().exactOptional(),
      doubtful: z.literal(true).exactOptional(),
    })
    .exactOptional(),
});

const Trouble = { since: Time, doubtful: z.literal(true).exactOptional() };

/** By kind, so that a note is read as what it was written as. */
export const STORED_NOTES: { readonly [Kind in NoteKind]: z.ZodType<Notes[Kind]> } = {
  sweep: z.object({ startedAt: Time, tasked: z.record(z.string(), Time) }),
  withdrawal: z.object({
    allowed: z.record(z.string(), Time),
    braked: z.object({ ...Trouble, policies: z.array(z.string()) }).exactOptional(),
    unchecked: z.object({ ...Trouble, repositories: z.array(z.string()) }).exactOptional(),
    over: z
      .object({ braked: Time.exactOptional(), unchecked: Time.exactOptional() })
      .exactOptional(),
  }),
  rollout: z.object({ digest: z.string(), status: z.enum(ROLLOUT_STATUSES), since: Time }),
  seek: z.object({ sought: z.record(z.string(), Time) }),
};

/** What a schema has made: valid, and in its order. Records are never changed in place. */
const made = new WeakSet<object>();

/** The record in `text`; undefined when it is none, for anyone who can write to the store may have written it. */
export function readRecord<T extends object>(
  schema: z.ZodType<T>,
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  const record = schema.safeParse(parseJson(text)).data;
  if (record !== undefined) made.add(record);
  return record;
}

/**
 * The record as text, the same for the same record whatever made it: in the order of its schema. What could not be read
 * back must not be written: it would be lost silently. Throws `internal`, for it is a bug of the caller.
 */
export function writeRecord<T extends object>(schema: z.ZodType<T>, record: T): string {
  if (made.has(record)) return JSON.stringify(record);
  const { data, error } = schema.safeParse(record);
  if (error === undefined) return JSON.stringify(data);
  const place = error.issues[0]?.path.join('.') ?? '';
  throw new CountersignError('internal', `A record for the store is wrong at ${place}`, {
    cause: error,
    retry: false,
  });
}
