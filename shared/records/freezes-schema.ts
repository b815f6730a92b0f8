import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import { parseJson } from '#shared/net/json.ts';

/** Freezes of people at once: more than a person reads, and few enough for one document. */
export const MAX_FREEZES = 100;

/** Of the document: a hundred freezes with the longest of what people may write. */
const MAX_BYTES = 768 * 1024;

/** ISO 8601. */
const Time = z.iso.datetime();

/** Keys that a later version has added stay with the freeze. */
const Stored: z.ZodType<readonly PersonFreeze[]> = z.lazy(() =>
  z
    .array(
      z.looseObject({
        id: z.string().min(1),
        by: z.string(),
        reason: z.string(),
        at: Time,
        image: z.string().exactOptional(),
        clusters: z.string().exactOptional(),
        until: Time.exactOptional(),
        saidAt: Time,
      }),
    )
    .max(MAX_FREEZES),
);

/** The freezes in a text that anyone who can write to the database may have written; undefined when it is none. */
export function readFreezes(text: string): readonly PersonFreeze[] | undefined {
  if (Buffer.byteLength(text) > MAX_BYTES) return undefined;
  return Stored.safeParse(parseJson(text)).data;
}

/** The freezes as text. Throws `too-large` for too many, `internal` for what could not be read back. */
export function writeFreezes(freezes: readonly PersonFreeze[]): string {
  if (freezes.length > MAX_FREEZES) {
    const message = `There are ${MAX_FREEZES} freezes already: lift one, or freeze more with one of them`;
    throw new CountersignError('too-large', message, { retry: false });
  }
  const { data, error } = Stored.safeParse(freezes);
  const place = error?.issues[0]?.path.join('.') ?? 'its size';
  const text = JSON.stringify(data ?? []);
  if (error === undefined && Buffer.byteLength(text) <= MAX_BYTES) return text;
  const message = `A freeze is wrong at ${place}`;
  throw new CountersignError('internal', message, { ...defined({ cause: error }), retry: false });
}
