import { cleanText, escapeJson } from '#shared/core/foreign-text.ts';
import type { ExitCode } from '../run-command.ts';
import { type Api, type Query, readFleet } from './call-api.ts';
import type { Terminal } from './terminal.ts';

const WELL = new Set(['Synced', 'Ignored']);

/** The fleet as `nomos status` prints it, or as JSON; 0 where all of it is well. Read once: a live read is costly. */
export async function showStatus(
  { query, json }: { readonly query: Query; readonly json: boolean },
  api: Api,
  { out }: Terminal,
): Promise<ExitCode> {
  return json ? showJson(query, api, out) : showText(query, api, out);
}

async function showText(query: Query, api: Api, out: Terminal['out']): Promise<ExitCode> {
  let unwell = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await api.text('/v1/fleet', { ...query, limit: '1000', cursor });
    out(cleanText(page.text));
    unwell += page.unwell;
    cursor = page.next;
    if (cursor === undefined) return unwell === 0 ? 0 : 1;
  }
}

async function showJson(query: Query, api: Api, out: Terminal['out']): Promise<ExitCode> {
  const fleet = await readFleet(api, query);
  out(`${escapeJson(JSON.stringify(fleet, null, 2))}\n`);
  const well =
    fleet.syncs.every(({ phase, breakGlass }) => WELL.has(phase) && breakGlass === undefined) &&
    fleet.clusters.every(({ phase }) => phase === 'Reachable');
  return well ? 0 : 1;
}
