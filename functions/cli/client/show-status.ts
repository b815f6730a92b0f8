import { type Api, type Query, readFleet } from './call-api.ts';
import { type ExitCode, type Terminal, clean } from './terminal.ts';

const WELL = new Set(['Synced', 'Ignored']);

/** The fleet as `nomos status` prints it, or as JSON; 0 where all of it is well. */
export async function showStatus(
  { query, json }: { readonly query: Query; readonly json: boolean },
  api: Api,
  { out }: Terminal,
): Promise<ExitCode> {
  const fleet = await readFleet(api, query);
  if (json) {
    out(`${JSON.stringify(fleet, null, 2)}\n`);
  } else {
    for (let cursor: string | undefined; ; ) {
      const { text, next } = await api.text('/v1/fleet', { ...query, limit: '1000', cursor });
      out(clean(text));
      cursor = next;
      if (cursor === undefined) break;
    }
  }
  const well =
    fleet.syncs.every(({ phase }) => WELL.has(phase)) &&
    fleet.clusters.every(({ phase }) => phase === 'Reachable');
  return well ? 0 : 1;
}
