import type { Fleet } from '#shared/fleet/fleet.ts';
import type { FanOutDeps } from '#shared/reconcile/fan-out.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import type { ClusterRecord, Store } from '#shared/store/store.ts';
import { isDue } from './due.ts';

export interface SweepDeps {
  readonly fleet: Pick<Fleet, 'list'>;
  readonly store: Pick<Store, 'listClusters'>;
  readonly publishTasks: FanOutDeps['publishTasks'];
  readonly publish: (event: StatusEvent) => Promise<void>;
  readonly periodMs: number;
  readonly now: () => Date;
  readonly newId: () => string;
}

export interface SweepResult {
  readonly id: string;
  readonly clusters: number;
  readonly tasked: number;
}

const PAGE = 200;

/**
 * Tasks every cluster whose turn has come, and says so: the absence of `sweep.completed` is an alert. Which clusters
 * there are is asked of the fleet, what is known of them of the store.
 */
export async function handleSweep(deps: SweepDeps): Promise<SweepResult> {
  const id = deps.newId();
  const startedAt = deps.now();
  const [{ members }, records] = await Promise.all([deps.fleet.list(), readRecords(deps.store)]);
  const due = members.filter(({ name }) => isDue(records.get(name), startedAt, deps.periodMs));
  await deps.publishTasks(due.map(({ name }) => ({ cluster: name, reason: 'sweep', id })));
  const unreachable = members.filter(({ name }) => records.get(name)?.phase === 'Unreachable');
  const seconds = deps.periodMs / 1000;
  await deps.publish({
    type: 'sweep.completed',
    data: {
      id,
      clusters: members.length,
      tasked: due.length,
      unreachable: unreachable.length,
      periodSeconds: seconds,
      configuredPeriodSeconds: seconds,
      since: startedAt.toISOString(),
      errors: [],
      message: `Tasked ${due.length} of ${members.length} clusters`,
    },
  });
  return { id, clusters: members.length, tasked: due.length };
}

async function readRecords(
  store: Pick<Store, 'listClusters'>,
): Promise<ReadonlyMap<string, ClusterRecord>> {
  const records = new Map<string, ClusterRecord>();
  for (let after: string | undefined; ; ) {
    const page = await store.listClusters({
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const record of page) records.set(record.cluster, record);
    after = page.at(-1)?.cluster;
    if (page.length < PAGE || after === undefined) return records;
  }
}
