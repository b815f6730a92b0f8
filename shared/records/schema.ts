import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { CHECK_OUTCOMES, MAX_CHECKS } from '#shared/core/rollout/checks.ts';
import {
  MAX_HISTORY,
  MAX_IGNORED,
  MAX_RECORD_BYTES,
  MAX_REJECTED,
  ROLLOUT_CAUSES,
  ROLLOUT_STATES,
  type RolloutRecord,
} from '#shared/core/rollout/record.ts';
import { parseJson } from '#shared/net/json.ts';

/** Images that can have records: far more than a person follows, and few enough for one list. */
export const MAX_IMAGES = 5_000;

/** Of these, tags of one repository: who can tag takes no place from others, and each look there reads all of them. */
export const MAX_TAGS = 1_000;

/**
 * The images of a repository, as a range of their names: `from` and what is after it, up to and without `before`. A path
 * has no colon in it, so that no other repository has an image there.
 */
export function rangeOf(repository: string): { readonly from: string; readonly before: string } {
  // The character after the colon.
  return { from: `${repository}:`, before: `${repository};` };
}

/** Approvals of one roll-out: twenty for each of 31 stages. */
const MAX_APPROVALS = 620;

/** ISO 8601. */
const Time = z.iso.datetime();

const Turn = () =>
  z.looseObject({
    by: z.string().exactOptional(),
    value: z.string().exactOptional(),
    cluster: z.string(),
  });

const Checked = () =>
  z.looseObject({ name: z.string(), outcome: z.enum(CHECK_OUTCOMES), since: Time });

const Release = () => z.looseObject({ tag: z.string(), version: z.string() });

const Arrival = () =>
  z.looseObject({
    digest: z.string(),
    resolvedAt: Time,
    id: z.string(),
    by: z.string(),
    index: z.string().exactOptional(),
    release: Release().exactOptional(),
  });

/** Keys that a later version has added stay with the record: this one may write it meanwhile. */
const Stored: z.ZodType<RolloutRecord> = z.lazy(() =>
  z.looseObject({
    version: z.int().min(1),
    id: z.string(),
    image: z.string(),
    kind: z.enum(['forward', 'rollback']),
    digest: z.string(),
    previous: z.string().exactOptional(),
    indexes: z.record(z.string(), z.string()).exactOptional(),
    releases: z.record(z.string(), Release()).exactOptional(),
    resolvedAt: Time,
    startedAt: Time,
    startedBy: z.string(),
    status: z.enum(ROLLOUT_STATES),
    cause: z.enum(ROLLOUT_CAUSES).exactOptional(),
    stage: z.string(),
    openedAt: Time,
    cursor: Turn().exactOptional(),
    promoted: z
      .looseObject({
        windows: z.literal(true).exactOptional(),
        held: z.literal(true).exactOptional(),
      })
      .exactOptional(),
    okSince: Time.exactOptional(),
    stuckSince: Time.exactOptional(),
    saidAt: Time.exactOptional(),
    checks: z.array(Checked()).max(MAX_CHECKS).exactOptional(),
    approvals: z
      .array(z.looseObject({ stage: z.string(), by: z.string(), at: Time }))
      .max(MAX_APPROVALS),
    rejected: z.array(z.string()).max(MAX_REJECTED),
    next: Arrival().exactOptional(),
    passedOver: z.string().exactOptional(),
    ignored: z.array(z.string()).max(MAX_IGNORED),
    before: z.enum(['completed', 'rolled-back']).exactOptional(),
    idleSince: Time.exactOptional(),
    history: z
      .array(
        z.looseObject({
          by: z.string(),
          reason: z.string(),
          did: z.string(),
          at: Time,
          request: z.string().exactOptional(),
        }),
      )
      .max(MAX_HISTORY),
  }),
);

/**
 * The record of `image` in a text that anyone who can write to the database may have written; undefined when it is none.
 */
export function readRecord(text: string, image: string): RolloutRecord | undefined {
  if (Buffer.byteLength(text) > MAX_RECORD_BYTES) return undefined;
  const { data } = Stored.safeParse(parseJson(text));
  return data?.image === image ? data : undefined;
}

/** The record as text. Throws `internal` for one that could not be read back, `too-large` for one past the limit. */
export function writeRecord(record: RolloutRecord): string {
  const { data, error } = Stored.safeParse(record);
  if (error !== undefined) {
    const place = error.issues[0]?.path.join('.') ?? '';
    const message = `The record of a roll-out is wrong at ${place}`;
    throw new CountersignError('internal', message, { cause: error, retry: false });
  }
  const text = JSON.stringify(data);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_RECORD_BYTES) return text;
  const message = `The record of ${record.image} has ${bytes} bytes, at most ${MAX_RECORD_BYTES}`;
  throw new CountersignError('too-large', message, { retry: false });
}

/** What the first record of one image too many throws. */
export function tooManyImages(image: string): CountersignError {
  const message = `${image} gets no record: ${MAX_IMAGES} images have one; give fewer of them a rollout`;
  return new CountersignError('too-large', message, { retry: false });
}
