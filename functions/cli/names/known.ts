import type { Api } from '../api/call-api.ts';
import { readRollouts } from '../api/pages.ts';
import { FreezeList, Page } from '../api/schema.ts';

export type Asking = Pick<Api, 'get'>;

/** One page names enough: it is a hint. */
async function pageOf(api: Asking, cluster?: unknown) {
  const query = { limit: '1000', ...(typeof cluster === 'string' && { cluster }) };
  return api.get('/v1/fleet', query, Page);
}

/** Clusters of the fleet: of memberships the id, as people write it, where only one has that. */
export async function knownClusters(api: Asking): Promise<readonly string[]> {
  const { clusters } = await pageOf(api);
  const ids = Map.groupBy(clusters, ({ cluster }) => cluster.split('/').at(-1) ?? cluster);
  return [...ids].flatMap(([id, all]) =>
    all.length === 1 ? [id] : all.map(({ cluster }) => cluster),
  );
}

/** RSyncs of one cluster, or of the fleet. */
export async function knownSyncs(cluster: unknown, api: Asking): Promise<readonly string[]> {
  const { syncs } = await pageOf(api, cluster);
  return syncs.map(({ sync }) => sync);
}

/** Images that RSyncs follow. */
export async function knownImages(api: Asking): Promise<readonly string[]> {
  const { syncs } = await pageOf(api);
  return syncs.flatMap(({ image }) => image ?? []);
}

/** Ids of roll-outs. */
export async function knownRollouts(api: Asking): Promise<readonly string[]> {
  const { rollouts } = await readRollouts(api, {});
  return rollouts.map(({ id }) => id);
}

/** Ids of freezes. */
export async function knownFreezes(api: Asking): Promise<readonly string[]> {
  const { freezes } = await api.get('/v1/freezes', {}, FreezeList);
  return freezes.map(({ id }) => id);
}
