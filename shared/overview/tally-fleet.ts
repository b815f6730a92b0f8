import { defined } from '#shared/core/defined.ts';
import type { ClusterRecord, Tally } from '#shared/store/store.ts';
import { causeOfCluster, causesOf } from './causes.ts';
import { createGroups } from './group-causes.ts';
import { createImageTally } from './tally-images.ts';
import { createLabelTally } from './tally-labels.ts';
import { type Troubles, presentRow } from './present-row.ts';
import { isUnwell } from './well.ts';

/** What is counted with. */
export interface TallyInput {
  /** Published since the last looks. */
  readonly troubles: Troubles;
  /** Of memberships, by the name of their cluster. */
  readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly now: Date;
  /** How roll-outs stand, counted apart. */
  readonly rollouts?: Tally['rollouts'];
}

/**
 * Counts the fleet, cluster by cluster in order: what is kept of it is bounded, however large the fleet is, and whatever
 * tenants write.
 *
 * @example
 * const tally = createTally({ troubles, labels, now });
 * for await (const record of eachRecord(store)) tally.add(record);
 * await store.writeNote('tally', 'fleet', tally.done());
 */
export function createTally({ troubles, labels, now, rollouts = [] }: TallyInput): {
  add(record: ClusterRecord): void;
  done(): Tally;
} {
  const phases: Record<string, number> = {};
  const groups = createGroups();
  const images = createImageTally(troubles);
  const byLabel = createLabelTally();
  let clusters = 0;
  let syncs = 0;
  let unwell = 0;
  let readAt: string | undefined;
  let changedAt: string | undefined;

  function count(phase: string, breakGlass?: string): void {
    phases[phase] = (phases[phase] ?? 0) + 1;
    if (isUnwell({ phase, breakGlass })) unwell += 1;
  }

  function see(since: string): void {
    if (changedAt === undefined || since > changedAt) changedAt = since;
  }

  return {
    add(record) {
      const { cluster, phase, since, reconciledAt } = record;
      clusters += 1;
      count(phase);
      see(since);
      if (phase === 'Reachable' && reconciledAt !== undefined) {
        readAt = readAt === undefined || reconciledAt < readAt ? reconciledAt : readAt;
      }
      const own = causeOfCluster(record);
      if (own !== undefined) groups.add(own, { cluster, syncs: record.syncs.length });
      const rows = record.syncs.map((row) => presentRow(row, record, troubles));
      for (const row of rows) {
        const { sync, present, breakGlass, live } = row;
        syncs += 1;
        count(present.phase, breakGlass);
        see(present.since);
        images.add(row, cluster);
        for (const cause of causesOf(row))
          groups.add(cause, { cluster, sync, syncs: 1, running: live });
      }
      byLabel.add(labels.get(cluster) ?? {}, rows);
    },
    done() {
      const { causes, left } = groups.done();
      const counted = images.done();
      return defined({
        at: now.toISOString(),
        clusters,
        syncs,
        readAt,
        changedAt,
        phases,
        unwell,
        causes,
        images: counted.images,
        labels: byLabel.done(),
        rollouts,
        left: { causes: left, images: counted.left },
      });
    },
  };
}
