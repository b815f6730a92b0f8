import type { Strategies } from '#shared/config/strategies.ts';
import { defined } from '#shared/core/defined.ts';
import { recordName } from '#shared/core/track/stream.ts';
import type { FleetCluster, FleetSync } from '#shared/core/rollout/fleet.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { FollowedRSync } from '#shared/reconcile/follow.ts';
import {
  type ImagePlan,
  type Planning,
  type UnpinnedPlace,
  planImage,
} from '#shared/rollouts/plan-image.ts';

/** What the config says of roll-outs, and what a plan asks. */
export interface PlanDeps extends Planning {
  /** As `rules` gives them. */
  readonly images: readonly ImageRule[];
  readonly strategies: Strategies;
}

interface FleetDeps {
  /** A part of the fleet could not be listed. */
  readonly partial: boolean;
  readonly rules: ImageRules;
  readonly now: () => Date;
}

/** One cluster as preflight found it. */
export interface FoundCluster {
  readonly member: Member;
  /** Absent: it could not be read. */
  readonly followed?: readonly FollowedRSync[];
  /** The RSyncs on which a pin cannot hold. */
  readonly unpinned: readonly { readonly sync: string; readonly code: string }[];
}

export interface PlannedImages {
  /** Those with the most followers first; of an entry that nothing follows, by its `match`. */
  readonly plans: readonly ImagePlan[];
  /** Images that are planned for none: there are too many. */
  readonly left: number;
}

/** Each costs a look at the fleet and one at the registry, and tenants choose how many images there are. */
const MAX_PLANS = 50;

/** An image of a rule, and what follows it, by cluster. */
interface Followed {
  readonly image: string;
  readonly rule: ImageRule;
  readonly syncs: Map<string, FleetSync[]>;
  readonly unpinned: UnpinnedPlace[];
}

/**
 * Plans the next digest of each image that has a strategy, over the fleet that was read: no call to any cluster, and one
 * look at the registry for each.
 *
 * @example
 * const { plans } = await planImages(found, { ...deps, rules, now });
 */
export async function planImages(
  found: readonly FoundCluster[],
  deps: PlanDeps & FleetDeps,
): Promise<PlannedImages> {
  const staged = new Set(deps.images.filter((rule) => deps.strategies.of(rule) !== undefined));
  const byImage = followersOf(found, staged);
  const busy = new Set([...byImage.values()].map(({ rule }) => rule));
  const idle = [...staged]
    .filter((rule) => !busy.has(rule))
    .map((rule): Followed => ({ image: rule.match, rule, syncs: new Map(), unpinned: [] }));
  const inOrder = [...byImage.values()].toSorted((a, b) => b.syncs.size - a.syncs.size);
  const all = [...inOrder, ...idle];
  const plans: ImagePlan[] = [];
  for (const one of all.slice(0, MAX_PLANS)) plans.push(await planOne(one, found, deps));
  return { plans, left: all.length - plans.length };
}

function followersOf(
  found: readonly FoundCluster[],
  staged: ReadonlySet<ImageRule>,
): ReadonlyMap<string, Followed> {
  const byImage = new Map<string, Followed>();
  for (const { member, followed = [], unpinned } of found) {
    const codes = new Map(unpinned.map(({ sync, code }) => [sync, code]));
    for (const entry of followed) {
      const { rule } = entry;
      const image = staged.has(rule) ? imageOf(entry) : undefined;
      if (image === undefined) continue;
      const none: Followed = { image, rule, syncs: new Map(), unpinned: [] };
      const known = byImage.get(image) ?? none;
      byImage.set(image, known);
      const one = syncOf(entry);
      known.syncs.set(member.name, [...(known.syncs.get(member.name) ?? []), one]);
      const code = codes.get(one.sync);
      if (code !== undefined) known.unpinned.push({ cluster: member.name, sync: one.sync, code });
    }
  }
  return byImage;
}

/** As a record names it; what a digest names alone is moved by no tag. */
function imageOf({ target, rule }: FollowedRSync): string | undefined {
  return target.status === 'unusable' ? undefined : recordName(target.reference, rule);
}

function syncOf({ rsync }: FollowedRSync): FleetSync {
  const { approved, hold, receipt } = rsync.annotations;
  return defined({
    sync: formatSyncRef(rsync.ref),
    approved: approved.keys[0],
    live: liveKey(rsync),
    failedBefore: false,
    held: hold !== undefined,
    receipt: receipt.facts?.rollout,
  });
}

async function planOne(
  { image, rule, syncs, unpinned }: Followed,
  found: readonly FoundCluster[],
  deps: PlanDeps & FleetDeps,
): Promise<ImagePlan> {
  const strategy = deps.strategies.of(rule);
  if (strategy === undefined) throw new TypeError('Only entries with a strategy are planned');
  const clusters = found
    .filter(({ member: { labels } }) => deps.rules.selects(rule, labels))
    .map(({ member, followed }): FleetCluster => {
      const known = followed && (syncs.get(member.name) ?? []);
      const { name: cluster, labels } = member;
      return defined({ cluster, labels, reachable: known !== undefined, syncs: known });
    });
  const fleet = {
    clusters,
    signedBy: [],
    elsewhere: 0,
    ...(deps.partial && { partial: true as const }),
  };
  return planImage({ image, rule, strategy, fleet, unpinned }, deps.now(), deps);
}
