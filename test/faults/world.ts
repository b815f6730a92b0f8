import type { ImageRule } from '#shared/core/rule.ts';
import type { Random } from './random.ts';
import type { StrategyFacts } from './staged/staged-plan.ts';

/** What the campaign is about, drawn from the seed: the images, the clusters, who follows what, and the config. */
export interface Plan {
  readonly images: readonly PlannedImage[];
  readonly clusters: readonly PlannedCluster[];
  readonly rules: readonly ImageRule[];
  /** How images are rolled out that are rolled out in stages. */
  readonly strategies?: readonly StrategyFacts[];
}

export interface PlannedImage {
  readonly repository: string;
  /** `<repository>:v1`. */
  readonly reference: string;
  /** How the config treats it; `none`: it names no such image. */
  readonly treated: 'gate' | 'pin' | 'deny' | 'prod-only' | 'none';
  readonly staged?: StrategyFacts;
}

export interface PlannedCluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Without the gate whatever is pushed goes live. */
  readonly gated: boolean;
  readonly syncs: readonly PlannedSync[];
}

export interface PlannedSync {
  readonly kind: 'RootSync' | 'RepoSync';
  readonly namespace: string;
  readonly name: string;
  readonly image: PlannedImage;
}

export const TAG = 'v1';
export const POLICY_HASH = `sha256:${'5'.repeat(64)}`;
const HOST = 'us-docker.pkg.dev/acme';
const MEMBERSHIPS = 'projects/fleet-host/locations/global/memberships';
/** Of ten images, how many are what. */
const TREATED = [
  'gate',
  'gate',
  'pin',
  'gate',
  'gate',
  'prod-only',
  'gate',
  'deny',
  'gate',
  'gate',
] as const;
const UNGATED_EVERY = 11;
const SANDBOX_EVERY = 7;
const UNNAMED_EVERY = 17;

export function drawPlan(size: { images: number; clusters: number }, random: Random): Plan {
  const images = Array.from({ length: size.images }, (_, index) => planImage(index));
  const clusters = Array.from({ length: size.clusters }, (_, index) =>
    planCluster(index, images, random),
  );
  const shared = { trust: 'release', downgrade: 'warn' } as const;
  const rules: ImageRule[] = [
    { ...shared, match: `${HOST}/pin/**`, effect: 'pin', track: TAG },
    { ...shared, match: `${HOST}/deny/**`, effect: 'gate', downgrade: 'deny' },
    { ...shared, match: `${HOST}/prod-only/**`, effect: 'gate', clusters: 'tier != sandbox' },
    { ...shared, match: `${HOST}/configs/**`, effect: 'gate' },
  ];
  return { images, clusters, rules };
}

function planImage(index: number): PlannedImage {
  const treated =
    index % UNNAMED_EVERY === UNNAMED_EVERY - 1
      ? 'none'
      : (TREATED[index % TREATED.length] ?? 'gate');
  const folder = {
    gate: 'configs',
    none: 'others',
    pin: 'pin',
    deny: 'deny',
    'prod-only': 'prod-only',
  };
  const repository = `${HOST}/${folder[treated]}/image-${index}`;
  return { repository, reference: `${repository}:${TAG}`, treated };
}

/** Each image is followed: clusters take them in turn, and some more by chance. */
function planCluster(
  index: number,
  images: readonly PlannedImage[],
  random: Random,
): PlannedCluster {
  const inTurn = [2 * index, 2 * index + 1].flatMap((at) => images[at % images.length] ?? []);
  const byChance = Array.from({ length: random.below(3) }, () => random.pick(images));
  const followed = [...new Set([...inTurn, ...byChance])];
  return {
    name: `${MEMBERSHIPS}/cluster-${index}`,
    labels: { tier: index % SANDBOX_EVERY === SANDBOX_EVERY - 1 ? 'sandbox' : 'prod' },
    gated: index % UNGATED_EVERY !== UNGATED_EVERY - 1,
    syncs: followed.map((image, at) =>
      at === 0
        ? { kind: 'RootSync', namespace: 'config-management-system', name: 'root-sync', image }
        : { kind: 'RepoSync', namespace: `team-${at}`, name: 'repo-sync', image },
    ),
  };
}
