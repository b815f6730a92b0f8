import { cleanLine, cleanText } from '#shared/core/foreign-text.ts';
import { readFleet } from '../api/pages.ts';
import { freezeLines } from '../freeze/freeze-lines.ts';
import { type ExitCode, print } from '../terminal.ts';
import type { Options, VerbDeps } from '../verb.ts';

const WELL = new Set(['Synced', 'Ignored', 'Waiting']);

/** The fleet as `nomos status` prints it, or as JSON; 0 where all of it is well. Read once: a live read is costly. */
export async function showStatus(
  { json, live, ...about }: Options<'image' | 'cluster' | 'sync' | 'phase', 'live'>,
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const query = { ...about, live: live ? 'true' : undefined };
  if (json) {
    const fleet = await readFleet(api, query);
    print(terminal, json, fleet, []);
    const well =
      fleet.syncs.every(({ phase, breakGlass }) => WELL.has(phase) && breakGlass === undefined) &&
      fleet.clusters.every(({ phase }) => phase === 'Reachable');
    return well ? 0 : 1;
  }
  let unwell = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await api.text('/v1/fleet', { ...query, limit: '1000', cursor });
    terminal.out(cleanText(page.text));
    unwell += page.unwell;
    cursor = page.next;
    if (cursor === undefined) break;
  }
  // Why what is waited for does not come.
  for (const line of await freezeLines(api)) terminal.out(`${cleanLine(line)}\n`);
  return unwell === 0 ? 0 : 1;
}
