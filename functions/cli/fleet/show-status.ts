import { defined } from '#shared/core/defined.ts';
import { ApiFailure, type Query } from '../api/call-api.ts';
import { Overview } from '../api/overview-schema.ts';
import { readFleet } from '../api/pages.ts';
import { freezeLines } from '../freeze/freeze-lines.ts';
import { sayMissing } from '../names/suggest.ts';
import { type Fleet, isWell } from '../screens/fleet.ts';
import { viewStatus } from '../screens/status.ts';
import { createProgress, type ExitCode } from '../terminal.ts';
import type { Options, VerbDeps } from '../verb.ts';

type Asked = Options<'image' | 'cluster' | 'sync' | 'phase', 'live' | 'all'>;
type Deps = Pick<VerbDeps, 'api' | 'terminal'>;

/**
 * Whether the fleet is well, and what needs a person; with a filter, or for programs, RSync by RSync. 0 where all that is
 * shown is well.
 */
export async function showStatus(
  { live, all = false, ...about }: Asked,
  deps: Deps,
): Promise<ExitCode> {
  const { api, terminal } = deps;
  const { format } = terminal;
  const query = { ...about, live: live ? 'true' : undefined };
  if (format === 'nomos') return showNomos(query, deps);
  const isWhole = Object.values(query).every((value) => value === undefined);
  const overview = isWhole ? await readOverview(api) : undefined;
  // People see the rows of a whole fleet where they ask for them.
  const isShort = overview !== undefined && !all && (format === 'table' || format === 'wide');
  const fleet = isShort ? undefined : await readRows(query, deps);
  // Why what is waited for does not come.
  const frozen = overview === undefined ? await freezeLines(api) : [];
  const { cluster, sync, image } = about;
  // What is asked for by name and is not there is easily a name that is written wrong.
  const missing =
    fleet?.syncs.length === 0
      ? await sayMissing(defined({ cluster, sync, image }), api)
      : undefined;
  terminal.show(viewStatus({ ...defined({ overview, fleet, missing }), frozen, all }));
  if (missing !== undefined) return 1;
  const well = overview === undefined ? fleet !== undefined && isWell(fleet) : isFine(overview);
  return well ? 0 : 1;
}

/** Undefined of a service that has none yet. */
async function readOverview(api: Deps['api']): Promise<Overview | undefined> {
  try {
    return await api.get('/v1/overview', {}, Overview);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return undefined;
    throw error;
  }
}

/** A live read is made once: it is costly. */
async function readRows(query: Query, { api, terminal }: Deps): Promise<Fleet> {
  const progress = createProgress(terminal);
  try {
    return await readFleet(api, query, (syncs) => {
      if (terminal.live) progress.show(`${syncs} RSyncs read`);
    });
  } finally {
    progress.clear();
  }
}

/** What waits for people alone is as it should be. */
function isFine({ state, unwell }: Overview): boolean {
  return unwell === 0 && (state === 'well' || state === 'waiting' || state === 'empty');
}

/** As `nomos status` prints it, with two lines of Countersign's below each RSync. */
async function showNomos(query: Query, { api, terminal }: Deps): Promise<ExitCode> {
  let unwell = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await api.text('/v1/fleet', { ...query, limit: '1000', cursor });
    terminal.out(page.text);
    unwell += page.unwell;
    cursor = page.next;
    if (cursor === undefined) break;
  }
  // Why what is waited for does not come.
  for (const line of await freezeLines(api)) terminal.out(`${line}\n`);
  return unwell === 0 ? 0 : 1;
}
