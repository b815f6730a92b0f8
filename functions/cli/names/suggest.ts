import type { ApiFailure } from '../api/call-api.ts';
import type { Verb } from '../verb.ts';
import { didYouMean } from './did-you-mean.ts';
import {
  type Asking,
  knownClusters,
  knownFreezes,
  knownImages,
  knownRollouts,
  knownSyncs,
} from './known.ts';
import type { Written } from './read-names.ts';

/** What to write instead of a name that the service does not know; undefined where that cannot be said. */
export async function suggest(
  { status, code, message }: ApiFailure,
  { verb, given }: { readonly verb: Pick<Verb, 'name' | 'noun'>; readonly given: Written },
  api: Asking,
): Promise<string | undefined> {
  try {
    const { cluster, sync, id, image } = given;
    if (code === 'cluster-not-found') return orNone(cluster, await knownClusters(api));
    if (status === 404 && typeof sync === 'string')
      return orNone(sync, await knownSyncs(cluster, api));
    if (status === 404 && verb.noun === 'rollout') return orNone(id, await knownRollouts(api));
    if (status === 404 && verb.name === 'unfreeze') return orNone(id, await knownFreezes(api));
    if (message.includes('no entry of "images"')) return orNone(image, await knownImages(api));
    return undefined;
  } catch {
    // The first failure is the one to show.
    return undefined;
  }
}

function orNone(wanted: unknown, known: readonly string[]): string | undefined {
  if (typeof wanted !== 'string' || known.includes(wanted)) return undefined;
  return didYouMean(wanted, known);
}

/**
 * What to say where no RSync is what a person asked for by name; undefined where they asked for no name, so that nothing
 * may well be the answer.
 */
export async function sayMissing(
  {
    cluster,
    sync,
    image,
  }: { readonly cluster?: string; readonly sync?: string; readonly image?: string },
  api: Asking,
): Promise<string | undefined> {
  const where = cluster === undefined ? '' : ` in ${cluster}`;
  if (sync !== undefined)
    return withHint(`There is no ${sync}${where}`, sync, knownSyncs(cluster, api));
  if (image === undefined) return undefined;
  const [name = image] = image.split('@', 1);
  return withHint(`No RSync follows ${name}${where}`, name, knownImages(api));
}

async function withHint(
  message: string,
  wanted: string,
  reading: Promise<readonly string[]>,
): Promise<string> {
  const known = await reading.catch((): readonly string[] => []);
  // It is there, and something else that was asked for is not so of it.
  const hint = known.includes(wanted) ? undefined : didYouMean(wanted, known);
  return hint === undefined ? message : `${message}: ${hint}`;
}
