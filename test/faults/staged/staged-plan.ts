import type { ImageRule } from '#shared/core/rule.ts';
import type { Random } from '../random.ts';
import type { Plan, PlannedCluster, PlannedImage } from '../world.ts';

/** A stage as people would describe it: the oracle knows it by this, and not by the code that it watches. */
export interface StageFacts {
  readonly name: string;
  readonly soakMs: number;
  /** Clusters of it that may have failed, as a share. */
  readonly maxFailures: number;
  readonly maxUnreachable: number;
  readonly approval?: boolean;
}

/** How one strategy rolls out. */
export interface StrategyFacts {
  readonly name: string;
  /** The last one has all clusters whose `ring` no other one names. */
  readonly stages: readonly StageFacts[];
  readonly onNewer: 'replace' | 'queue';
  readonly onFailure: 'pause' | 'rollback';
}

const MINUTE = 60_000;
export const LEAD = 'lead@acme.example';
const CANARY: StageFacts = {
  name: 'canary',
  soakMs: 3 * MINUTE,
  maxFailures: 0,
  maxUnreachable: 0,
};
const EARLY = { name: 'early', soakMs: 4 * MINUTE, maxFailures: 0.25, maxUnreachable: 0.25 };
const REST = { name: 'rest', soakMs: 0, maxFailures: 0.25, maxUnreachable: 0.25 };
const REPLACE = { onNewer: 'replace', onFailure: 'pause' } as const;
const STAGES = [CANARY, EARLY, REST];

/** Three stages of minutes: a newer digest replaces or waits, failures halt or take back, a person approves or not. */
const STRATEGIES: readonly StrategyFacts[] = [
  { name: 'fleet', stages: STAGES, ...REPLACE },
  { name: 'asked', stages: [CANARY, { ...EARLY, approval: true }, REST], ...REPLACE },
  { name: 'queued', stages: STAGES, onNewer: 'queue', onFailure: 'pause' },
  { name: 'back', stages: STAGES, onNewer: 'replace', onFailure: 'rollback' },
];

/** Of ten images, how many are what; one is under no strategy. */
const TREATED: readonly { readonly strategy?: string; readonly effect: 'pin' | 'gate' }[] = [
  { strategy: 'fleet', effect: 'pin' },
  { strategy: 'back', effect: 'pin' },
  { strategy: 'fleet', effect: 'gate' },
  { strategy: 'asked', effect: 'pin' },
  { strategy: 'queued', effect: 'pin' },
  { strategy: 'fleet', effect: 'pin' },
  { effect: 'pin' },
  { strategy: 'back', effect: 'pin' },
  { strategy: 'asked', effect: 'gate' },
  { strategy: 'queued', effect: 'pin' },
];
const RINGS = ['canary', 'early', 'rest', 'rest', 'early', 'rest', 'rest'];
/** Of all images, how many a cluster follows. */
const SHARE = 0.5;
const UNGATED_EVERY = 11;
const HOST = 'us-docker.pkg.dev/acme';
const MEMBERSHIPS = 'projects/fleet-host/locations/global/memberships';
const TAG = 'v1';

/** A world in which most images are rolled out in stages, each to about half of the clusters. */
export function drawStagedPlan(size: { images: number; clusters: number }, random: Random): Plan {
  const images = Array.from({ length: size.images }, (_, index) => planImage(index));
  const clusters = Array.from({ length: size.clusters }, (_, index) =>
    planCluster(index, images, random),
  );
  const rules = TREATED.map(({ strategy, effect }, index): ImageRule => {
    const rollout = strategy === undefined ? {} : { rollout: strategy };
    const match = `${HOST}/${folderOf(index)}/**`;
    return { match, trust: 'release', downgrade: 'warn', effect, ...rollout };
  });
  return { images, clusters, rules, strategies: STRATEGIES };
}

function folderOf(index: number): string {
  const at = index % TREATED.length;
  return `${TREATED[at]?.strategy ?? 'once'}-${at}`;
}

function planImage(index: number): PlannedImage {
  const { strategy, effect = 'pin' } = TREATED[index % TREATED.length] ?? {};
  const repository = `${HOST}/${folderOf(index)}/image-${index}`;
  const staged = STRATEGIES.find(({ name }) => name === strategy);
  return {
    repository,
    reference: `${repository}:${TAG}`,
    treated: effect,
    ...(staged === undefined ? {} : { staged }),
  };
}

function planCluster(
  index: number,
  images: readonly PlannedImage[],
  random: Random,
): PlannedCluster {
  const followed = images.filter(() => random.chance(SHARE));
  return {
    name: `${MEMBERSHIPS}/cluster-${index}`,
    labels: { ring: RINGS[index % RINGS.length] ?? 'rest', order: `${random.below(5)}` },
    gated: index % UNGATED_EVERY !== UNGATED_EVERY - 1,
    syncs: followed.map((image, at) =>
      at === 0
        ? { kind: 'RootSync', namespace: 'config-management-system', name: 'root-sync', image }
        : { kind: 'RepoSync', namespace: `team-${at}`, name: 'repo-sync', image },
    ),
  };
}

/** Which stage of a strategy a cluster is in, by its place in the list. */
export function stageIndexOf(
  { stages }: StrategyFacts,
  { labels }: Pick<PlannedCluster, 'labels'>,
): number {
  const found = stages.findIndex(({ name }) => name === labels['ring']);
  return found < 0 ? stages.length - 1 : found;
}
