import { type Admission, admitsAt, keysToDrop } from '#shared/core/rollout/admits.ts';
import { defined } from '#shared/core/defined.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { type Openings, type Strategy, openingsAt } from '#shared/core/rollout/strategy.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { Found } from './find-rule.ts';
import { imageOf } from './fleet-of.ts';

/** How an RSync stands to the record that it is under, by what was last seen of it. */
export interface Standing {
  readonly strategy: Strategy;
  readonly record: RolloutRecord | undefined;
  readonly admission: Admission;
  /** A task would find something to write: what it is admitted to is not approved, or what is rejected still is. */
  readonly isDue: boolean;
}

/** Undefined for an RSync whose image has no strategy. */
export type Admissions = (
  row: SyncRow,
  member: Pick<Member, 'name' | 'labels'>,
) => Standing | undefined;

/**
 * Asks of each row what its next task would be admitted to, with records as they are now.
 *
 * @example
 * const due = createAdmissions(records, { find, now })(row, member)?.isDue;
 */
export function createAdmissions(
  records: ReadonlyMap<string, RolloutRecord>,
  { find, now }: { readonly find: (image: string) => Found; readonly now: Date },
): Admissions {
  const openings = new Map<Strategy, Openings>();
  return (row, { name: cluster, labels }) => {
    const image = imageOf(row);
    const strategy = image === undefined ? undefined : find(image).strategy;
    if (image === undefined || strategy === undefined) return undefined;
    const isOpen = openings.get(strategy) ?? openingsAt(strategy, now);
    openings.set(strategy, isOpen);
    const record = records.get(image);
    const { live } = row;
    const [approved] = row.approved;
    const held = row.staged?.hold !== undefined;
    const candidate = { cluster, labels, held, ...defined({ approved, live }) };
    const admission = admitsAt(record, strategy, candidate, isOpen);
    const rejected = record === undefined ? [] : keysToDrop(record, candidate);
    const isNew = admission.allowed && admission.digest !== approved;
    return {
      strategy,
      record,
      admission,
      isDue: isNew || row.approved.some((key) => rejected.includes(key)),
    };
  };
}
