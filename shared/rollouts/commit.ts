import { CountersignError } from '#shared/core/errors.ts';
import type { Change, RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageDeps, Staging } from '#shared/reconcile/deps.ts';
import type { Entry } from '#shared/records/records.ts';
import { writeRecord } from '#shared/records/schema.ts';
import { type Seen, eventsOf } from './notices.ts';

export interface CommitDeps extends Pick<ImageDeps, 'publish' | 'now'>, Pick<Staging, 'records'> {}

/** What is decided of a record: changes that follow one on the other, and the fleet that they were made from. */
export interface Decided {
  readonly changes: readonly Change[];
  readonly seen: Seen;
}

export interface Committed {
  /** What is in place now; absent: none that can be read. */
  readonly record?: RolloutRecord;
  readonly changed: boolean;
}

/** Losing to other writers this often in a row is no accident. */
const MAX_ATTEMPTS = 5;

/**
 * Publishes what `decide` makes of the record in place, then replaces that record, and only that one. Where another
 * writer was faster, `decide` is asked again with what that one wrote: it may find that nothing is left to do
 * (`undefined`). A process that ends between the two leaves events that the next decision publishes again under their
 * ids. `over`: what was read already. Throws `store-unavailable`, `publish-failed`, and `too-large` for what no record has
 * room for.
 *
 * @example
 * const { record } = await commit(image, ({ record }) => decide(record), { records, publish, now });
 */
export async function commit(
  image: string,
  decide: (entry: Entry) => Promise<Decided | undefined> | Decided | undefined,
  { records, publish, now }: CommitDeps,
  over?: Entry,
): Promise<Committed> {
  let entry = over ?? (await records.read(image));
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const decided = await decide(entry);
    const record = decided?.changes.at(-1)?.record;
    if (decided === undefined || record === undefined || record === entry.record) {
      return entry.record === undefined
        ? { changed: false }
        : { record: entry.record, changed: false };
    }
    // What could not be recorded is not published.
    writeRecord(record);
    for (const change of decided.changes) {
      for (const event of eventsOf(change, decided.seen, now())) await publish(event);
    }
    if (await records.replace(record, entry)) return { record, changed: true };
    entry = await records.read(image);
  }
  const message = `Others have changed the record of ${image} ${MAX_ATTEMPTS} times meanwhile`;
  throw new CountersignError('store-unavailable', message);
}
