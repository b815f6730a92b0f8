import { defined } from '#shared/core/defined.ts';
import type { Admission } from '#shared/core/rollout/admits.ts';
import {
  type Following,
  type Recorded,
  admitsAmong,
  recordFor,
  staleKeys,
} from '#shared/core/rollout/among.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { Found } from './find-rule.ts';

/** How an RSync stands to the records of its repository, by what was last seen of it. */
export interface Standing {
  readonly strategy: Strategy;
  /** The one that it is under. */
  readonly record: RolloutRecord | undefined;
  readonly admission: Admission;
  /** A task would find something to write: what it is admitted to is not approved, or what must not stay still is. */
  readonly isDue: boolean;
}

/** Undefined for an RSync whose images have no strategy, and of one that is about to be gone. */
export type Admissions = (
  row: SyncRow,
  member: Pick<Member, 'name' | 'labels'>,
) => Standing | undefined;

/**
 * Asks of each row what its next task would be admitted to, with records as they are now.
 *
 * @example
 * const due = createAdmissions(entries, { find, now })(row, member)?.isDue;
 */
export function createAdmissions(
  entries: Iterable<Recorded>,
  { find, now }: { readonly find: (image: string) => Found; readonly now: Date },
): Admissions {
  const byRepository = Map.groupBy(entries, ({ image }) => find(image).repository);
  return (row, { name: cluster, labels }) => {
    const { image, approved: keys, live, staged, deleting } = row;
    if (image === undefined || deleting === true) return undefined;
    const { repository, strategy, isTagged } = find(image);
    if (strategy === undefined) return undefined;
    const known = byRepository.get(repository) ?? [];
    const key = staged?.target ?? row.target;
    const following: Following = isTagged ? { image, key } : { key };
    const held = staged?.hold !== undefined;
    const receipt = isTagged ? staged?.receipt : undefined;
    const seen = defined({ approved: keys[0], live, receipt });
    const candidate = { cluster, labels, held, ...seen };
    const record = recordFor(known, following);
    const admission = admitsAmong(known, following, strategy, candidate, now);
    const isNew = admission.allowed && admission.digest !== keys[0];
    const isStale = staleKeys(known, strategy, { ...candidate, keys }, now).length > 0;
    // What names a digest is under the record that rolls that out, and no longer than that.
    const isElsewhere = !isTagged && record === undefined && find(staged?.image ?? '').isTagged;
    return { strategy, record, admission, isDue: isNew || isStale || isElsewhere };
  };
}
