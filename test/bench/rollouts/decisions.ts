import { admits } from '#shared/core/rollout/admits.ts';
import { advance } from '#shared/core/rollout/advance.ts';
import type { Fleet, FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { createSelector } from '#shared/core/label-selector.ts';
import { fleet, iso, MINUTE, NOW, record, stage, strategy, sync } from '#test/fixtures/rollout.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import { measure } from '../frame/measure.ts';

const MICROSECONDS = 1_000;

/** What one decision costs: a sweep's over the whole fleet, and a worker's for one RSync, by the cluster. */
export async function benchDecisions(clusters: number): Promise<readonly Figure[]> {
  const by = byLabels();
  // The worst moment: the last stage is half way, so that every cluster of it is weighed and put in its turn.
  const at = record({ stage: 'rest', openedAt: iso(-MINUTE) });
  const half = fleet(...Array.from({ length: clusters }, (_, index) => clusterAt(index)));
  const rolling = settle(at, by, half);
  const [wide = [], narrow = []] = await measure(
    () => advance(rolling, by, half, NOW),
    () => half.clusters.forEach((cluster) => ask(rolling, by, cluster)),
  );
  const each = (samples: readonly number[]): readonly number[] =>
    samples.map((ms) => (ms * MICROSECONDS) / clusters);
  const name = `${clusters} clusters`;
  return [
    figureOf({ what: `${name}, one advance of a sweep`, unit: 'ms', ours: wide }),
    figureOf({ what: `${name}, one advance, a cluster`, unit: 'µs', ours: each(wide) }),
    figureOf({ what: `${name}, one admits of a worker`, unit: 'µs', ours: each(narrow) }),
  ];
}

/** Stages as a config selects them, in an order by a label. */
function byLabels(): Strategy {
  const ring = (name: string) => ({ selects: createSelector(`ring = ${name}`) });
  return strategy({
    stages: [
      stage('canary', ring('canary')),
      stage('early', { ...ring('early'), orderBy: 'order', maxConcurrency: { percent: 25 } }),
      stage('rest', { selects: () => true, orderBy: 'order', maxConcurrency: { clusters: 300 } }),
    ],
  });
}

/** One of a hundred is a canary, ten are early; half of the rest has the digest. */
function clusterAt(index: number): FleetCluster {
  const ring = index % 100 === 0 ? 'canary' : index % 10 === 0 ? 'early' : 'rest';
  const has = ring !== 'rest' || index % 2 === 0;
  const digest = has ? 'D' : 'C';
  const since = iso(has ? -10 * MINUTE : -1_000 * MINUTE);
  return {
    cluster: `projects/fleet-host/locations/us-west1/memberships/cluster-${index}`,
    labels: { ring, order: `${index % 7}`, env: 'prod', region: 'europe-west1' },
    reachable: true,
    syncs: [sync({ approved: digest, live: digest, approvedAt: since })],
  };
}

/** As sweeps leave it: some are let in and under way. */
function settle(from: RolloutRecord, by: Strategy, { clusters }: Fleet): RolloutRecord {
  return advance(from, by, fleet(...clusters), NOW).record;
}

function ask(at: RolloutRecord, by: Strategy, { cluster, labels, syncs = [] }: FleetCluster): void {
  for (const of of syncs) admits(at, by, { ...of, cluster, labels }, NOW);
}
