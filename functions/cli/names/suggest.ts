import type { Api, ApiFailure } from '../api/call-api.ts';
import { FreezeList, Page } from '../api/schema.ts';
import { readRollouts } from '../api/pages.ts';
import type { Verb } from '../verb.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Written } from './read-names.ts';

type Asking = Pick<Api, 'get'>;

/** What to write instead of a name that the service does not know; undefined where that cannot be said. */
export async function suggest(
  { status, code, message }: ApiFailure,
  { verb, given }: { readonly verb: Pick<Verb, 'name' | 'noun'>; readonly given: Written },
  api: Asking,
): Promise<string | undefined> {
  try {
    const { cluster, sync, id, image } = given;
    if (code === 'cluster-not-found') return orNone(cluster, await clustersOf(api));
    if (status === 404 && typeof sync === 'string')
      return orNone(sync, await syncsOf(cluster, api));
    if (status === 404 && verb.noun === 'rollout') return orNone(id, await rolloutsOf(api));
    if (status === 404 && verb.name === 'unfreeze') return orNone(id, await freezesOf(api));
    if (message.includes('no entry of "images"')) return orNone(image, await imagesOf(api));
    return undefined;
  } catch {
    // The first failure is the one to show.
    return undefined;
  }
}

function orNone(wanted: unknown, known: readonly string[]): string | undefined {
  return typeof wanted === 'string' ? didYouMean(wanted, known) : undefined;
}

/** One page names enough: it is a hint. */
async function pageOf(api: Asking, cluster?: unknown) {
  const query = { limit: '1000', ...(typeof cluster === 'string' && { cluster }) };
  return api.get('/v1/fleet', query, Page);
}

/** Of memberships the id, as people write it, where only one has that. */
async function clustersOf(api: Asking): Promise<readonly string[]> {
  const { clusters } = await pageOf(api);
  const ids = Map.groupBy(clusters, ({ cluster }) => cluster.split('/').at(-1) ?? cluster);
  return [...ids].flatMap(([id, all]) =>
    all.length === 1 ? [id] : all.map(({ cluster }) => cluster),
  );
}

async function syncsOf(cluster: unknown, api: Asking): Promise<readonly string[]> {
  const { syncs } = await pageOf(api, cluster);
  return syncs.map(({ sync }) => sync);
}

async function imagesOf(api: Asking): Promise<readonly string[]> {
  const { syncs } = await pageOf(api);
  return syncs.flatMap(({ image }) => image ?? []);
}

async function rolloutsOf(api: Asking): Promise<readonly string[]> {
  const { rollouts } = await readRollouts(api, {});
  return rollouts.map(({ id }) => id);
}

async function freezesOf(api: Asking): Promise<readonly string[]> {
  const { freezes } = await api.get('/v1/freezes', {}, FreezeList);
  return freezes.map(({ id }) => id);
}
