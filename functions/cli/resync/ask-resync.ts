import { Accepted, Preview } from '../api/schema.ts';
import { count, type ExitCode, print } from '../terminal.ts';
import type { Options, VerbDeps } from '../verb.ts';

type ResyncText = 'image' | 'digest' | 'cluster' | 'sync' | 'reason' | 'key';

/** Asks for a resync, or with `dryRun` what one would change. */
export async function askResync(
  { json, dryRun, key, ...about }: Options<ResyncText, 'dryRun'>,
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const path = '/v1/resync';
  if (!dryRun) {
    const accepted = await api.post(path, about, Accepted, key);
    const { id, clusters } = accepted;
    print(terminal, json, accepted, [`Resync ${id}: ${count(clusters, 'cluster')} tasked`]);
    return 0;
  }
  const preview = await api.post(path, { ...about, dryRun }, Preview);
  const { clusters, looked, syncs, unread } = preview;
  print(terminal, json, preview, [
    ...syncs.map(({ cluster, sync, change, why }) => `${change}  ${cluster} ${sync}: ${why}`),
    ...unread.map(({ cluster, message }) => `unread  ${cluster}: ${message}`),
    `A resync would task ${count(clusters, 'cluster')}; ${looked} of them looked at`,
  ]);
  // What could not be looked at could not be checked.
  return unread.length === 0 ? 0 : 2;
}
