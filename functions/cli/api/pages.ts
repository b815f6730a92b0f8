import type { Api, Query } from './call-api.ts';
import { type Cluster, HoldPage, Page, RolloutPage, type Sync } from './schema.ts';

/** More pages than a fleet has; who pages on beyond that is not listing. */
const MAX_PAGES = 10_000;

/** Every page of the roll-outs. */
export async function readRollouts(
  api: Pick<Api, 'get'>,
  query: Query,
): Promise<Pick<RolloutPage, 'rollouts' | 'lost'>> {
  const rollouts: RolloutPage['rollouts'] = [];
  const lost: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await api.get('/v1/rollouts', { ...query, cursor }, RolloutPage);
    rollouts.push(...page.rollouts);
    lost.push(...page.lost);
    cursor = page.next;
    if (cursor === undefined) break;
  }
  return { rollouts, lost };
}

/** Every page of the holds. */
export async function readHolds(
  api: Pick<Api, 'get'>,
  query: Query,
): Promise<Pick<HoldPage, 'holds' | 'unread'>> {
  const holds: HoldPage['holds'] = [];
  const unread = new Set<string>();
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await api.get('/v1/holds', { ...query, limit: '1000', cursor }, HoldPage);
    holds.push(...page.holds);
    for (const cluster of page.unread ?? []) unread.add(cluster);
    cursor = page.next;
    if (cursor === undefined) break;
  }
  return unread.size === 0 ? { holds } : { holds, unread: [...unread] };
}

/** Every page of the fleet; `onPage` is given how many RSyncs have been read so far. */
export async function readFleet(
  api: Pick<Api, 'get'>,
  query: Query,
  onPage: (syncs: number) => void = () => undefined,
): Promise<{ readonly clusters: readonly Cluster[]; readonly syncs: readonly Sync[] }> {
  const clusters = new Map<string, Cluster>();
  const syncs: Sync[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await api.get('/v1/fleet', { ...query, limit: '1000', cursor }, Page);
    for (const cluster of page.clusters) clusters.set(cluster.cluster, cluster);
    syncs.push(...page.syncs);
    onPage(syncs.length);
    cursor = page.next;
    if (cursor === undefined) break;
  }
  return { clusters: [...clusters.values()], syncs };
}
