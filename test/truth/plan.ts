import type { ImageRule } from '#shared/core/rule.ts';
import type { Times } from '#test/faults/functions.ts';
import type { Random } from '#test/faults/random.ts';
import { keyOf } from '#test/faults/sim/cluster.ts';
import {
  type Plan,
  type PlannedCluster,
  type PlannedImage,
  type PlannedSync,
  TAG,
} from '#test/faults/world.ts';

/** The small world of one history. */
export interface TruthPlan extends Plan {
  /** Every RSync of the fleet. */
  readonly places: readonly Place[];
  readonly times: Times;
}

export interface Place {
  readonly cluster: string;
  readonly key: string;
  readonly sync: PlannedSync;
}

const MINUTE = 60_000;
const HOST = 'us-docker.pkg.dev/acme';
const MEMBERSHIPS = 'projects/fleet-host/locations/global/memberships';
const ROOT = {
  kind: 'RootSync',
  namespace: 'config-management-system',
  name: 'root-sync',
} as const;
const TEAM = { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' } as const;
const STRAY = { kind: 'RepoSync', namespace: 'team-b', name: 'repo-sync' } as const;

/** Two images, two clusters and three RSyncs; now and then one that no entry of the config names, or no gate. */
export function drawPlan(random: Random): TruthPlan {
  const pinned = random.chance(0.3);
  const platform = image('configs/platform', 'gate');
  const team = image(pinned ? 'pin/team-a' : 'configs/team-a', pinned ? 'pin' : 'gate');
  const stray = image('others/stray', 'none');
  const strays = random.chance(0.15) ? [{ ...STRAY, image: stray }] : [];
  const clusters: readonly PlannedCluster[] = [
    {
      name: `${MEMBERSHIPS}/cluster-1`,
      labels: {},
      gated: true,
      syncs: [
        { ...ROOT, image: platform },
        { ...TEAM, image: team },
      ],
    },
    {
      name: `${MEMBERSHIPS}/cluster-2`,
      labels: {},
      gated: !random.chance(0.15),
      syncs: [{ ...ROOT, image: platform }, ...strays],
    },
  ];
  const shared = { trust: 'release', downgrade: 'warn' } as const;
  const rules: ImageRule[] = [
    { ...shared, match: `${HOST}/pin/**`, effect: 'pin', track: TAG },
    { ...shared, match: `${HOST}/configs/**`, effect: 'gate' },
  ];
  return {
    images: [platform, team],
    clusters,
    rules,
    places: clusters.flatMap(({ name, syncs }) =>
      syncs.map((sync) => ({ cluster: name, key: keyOf(sync), sync })),
    ),
    times: {
      periodMs: 4 * MINUTE,
      blockedAfterMs: 2 * MINUTE,
      liveAfterMs: 5 * MINUTE,
      pendingAfterMs: 12 * MINUTE,
      withdrawBrake: random.chance(0.5) ? 0.05 : 1,
    },
  };
}

function image(path: string, treated: PlannedImage['treated']): PlannedImage {
  const repository = `${HOST}/${path}`;
  return { repository, reference: `${repository}:${TAG}`, treated };
}
