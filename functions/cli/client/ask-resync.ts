import { cleanLine, escapeJson } from '#shared/core/foreign-text.ts';
import type { Api } from './call-api.ts';
import type { ExitCode } from '../run-command.ts';
import { Accepted, Preview } from './schema.ts';
import type { Terminal } from './terminal.ts';

export interface ResyncArguments {
  readonly image: string | undefined;
  readonly digest: string | undefined;
  readonly cluster: string | undefined;
  readonly sync: string | undefined;
  readonly reason: string | undefined;
}

/** Asks for a resync, or with `dryRun` what one would change. */
export async function askResync(
  about: ResyncArguments,
  options: { readonly dryRun: boolean; readonly json: boolean; readonly key: string | undefined },
  api: Api,
  { out }: Terminal,
): Promise<ExitCode> {
  const path = '/v1/resync';
  if (!options.dryRun) {
    const accepted = await api.post(path, about, Accepted, options.key);
    const { id, clusters } = accepted;
    out(
      options.json
        ? `${escapeJson(JSON.stringify(accepted))}\n`
        : `Resync ${cleanLine(id)}: ${countClusters(clusters)} tasked\n`,
    );
    return 0;
  }
  const preview = await api.post(path, { ...about, dryRun: true }, Preview);
  if (options.json) {
    out(`${escapeJson(JSON.stringify(preview, null, 2))}\n`);
    return preview.unread.length === 0 ? 0 : 2;
  }
  const { clusters, looked, syncs, unread } = preview;
  const lines = [
    ...syncs.map(({ cluster, sync, change, why }) => `${change}  ${cluster} ${sync}: ${why}`),
    ...unread.map(({ cluster, message }) => `unread  ${cluster}: ${message}`),
    `A resync would task ${countClusters(clusters)}; ${looked} of them looked at`,
  ];
  out(lines.map((line) => `${cleanLine(line)}\n`).join(''));
  // What could not be looked at could not be checked.
  return unread.length === 0 ? 0 : 2;
}

function countClusters(count: number): string {
  return `${count} cluster${count === 1 ? '' : 's'}`;
}
