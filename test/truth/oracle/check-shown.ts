import { createTroubles } from '#functions/api/fleet/present.ts';
import type { ApiDeps } from '#functions/api/deps.ts';
import { createTallyReader } from '#functions/api/overview/read-tally.ts';
import { readFleet } from '#functions/cli/api/pages.ts';
import { Explanation } from '#functions/cli/api/schema.ts';
import { showStatus } from '#functions/cli/fleet/show-status.ts';
import { shortOf } from '../say.ts';
import type { World } from '../world.ts';
import { openWorldApi } from './api.ts';
import { GRACE_MS } from './belief.ts';
import type { Figures, Finding } from './findings.ts';
import type { Observer } from './observer.ts';
import type { SyncTruth } from './sync-truth.ts';

/** What is true of one RSync at a quiet moment. */
interface Row {
  readonly cluster: string;
  readonly sync: string;
  readonly uid: string;
  readonly phase: SyncTruth['phase'] | 'Unknown';
  readonly glass: boolean;
  /** It has been so for long enough to be known. */
  readonly settled: boolean;
}

const NO_TERMINAL = {
  out: () => undefined,
  err: () => undefined,
  live: false,
  quiet: false,
  show: () => undefined,
};
const WELL = new Set<string>(['Synced', 'Ignored']);

/** At a quiet moment: phases, headline, exit code and explanations are what is true. */
export async function checkShown(
  world: World,
  observer: Observer,
  figures: Figures,
): Promise<readonly Finding[]> {
  const at = world.clock.now();
  const findings: Finding[] = [];
  const expect = (what: string, shown: unknown, truth: unknown): void => {
    figures.compared += 1;
    if (shown === truth) return;
    findings.push({
      fault: 'shown',
      at,
      what: `${what} is ${String(shown)}, and the truth is ${String(truth)}`,
    });
  };
  const rows = rowsOf(world, observer, at);
  const { api, deps } = openWorldApi(world);
  const fleet = await readFleet(api, {});
  const forgotten = isForgotten(world, observer);
  if (!forgotten) expect('the number of RSyncs in the fleet', fleet.syncs.length, rows.length);
  for (const { cluster, sync, phase, settled } of rows) {
    const shown = fleet.syncs.find((one) => one.cluster === cluster && one.sync === sync);
    const name = `${sync} of ${shortOf(cluster)}`;
    if (settled && !(forgotten && phase === 'Unknown'))
      expect(`the phase of ${name}`, shown?.phase, phase);
    if (!settled || phase === 'Unknown' || !world.weather.registryUp) continue;
    const explained = await api.get('/v1/explain', { cluster, sync }, Explanation);
    expect(`the explained phase of ${name}`, explained.phase, phase);
  }
  if (forgotten || rows.some(({ settled }) => !settled)) return findings;
  const well =
    rows.every(({ phase, glass }) => WELL.has(phase) && !glass) &&
    [...world.clusters.values()].every(({ down }) => !down);
  for (const format of ['table', 'nomos', 'json'] as const) {
    const exit = await showStatus({}, { api, terminal: { ...NO_TERMINAL, format } });
    expect(`the exit code of status -o ${format}`, exit, well ? 0 : 1);
  }
  expect('the headline', await headlineShown(deps), headlineOf(world, rows));
  return findings;
}

/** The store was lost while a cluster was out of reach: nothing is known of it. */
function isForgotten({ clusters, store }: World, observer: Observer): boolean {
  return [...clusters.values()].some(({ plan, down }) => {
    const from = observer.clusters.get(plan.name)?.stretches.at(-1)?.from ?? 0;
    return down && store.losses.some((loss) => loss >= from - GRACE_MS);
  });
}

function rowsOf({ clusters, weather }: World, observer: Observer, at: number): readonly Row[] {
  return [...observer.syncs.values()].flatMap(({ uid, cluster, key, past, goneAt }): Row[] => {
    const of = clusters.get(cluster);
    const object = of?.get(key);
    const last = past.stretches.at(-1);
    if (goneAt !== undefined || of === undefined || last === undefined) return [];
    const known = {
      uid,
      cluster,
      sync: key,
      glass: object?.metadata.annotations['countersign.dev/break-glass'] !== undefined,
      settled:
        at - last.from >= GRACE_MS &&
        weather.registryUp &&
        of.down === (last.what === 'out of reach'),
    };
    if (last.what !== 'out of reach') return [{ ...known, phase: last.what.phase }];
    // What was seen last is shown still.
    const before = past.stretches.at(-2);
    const seen = before !== undefined && before.to - before.from >= GRACE_MS;
    const glass = typeof before?.what === 'object' && before.what.glass !== undefined;
    return [{ ...known, phase: 'Unknown', glass, settled: known.settled && seen }];
  });
}

/** In the order of the headline. */
const ORDER = [
  'Refused',
  'Waiting',
  'Pending',
  'Rejected',
  'Approved',
  'Failed',
  'Blocked',
  'Stalled',
  'Unguarded',
  'Unknown',
];

/** How many are where, as the first screen counts them. */
async function headlineShown(deps: ApiDeps): Promise<string> {
  const { tally } = await createTallyReader({ ...deps, troubles: createTroubles(deps) })();
  const broken = tally.causes.filter(({ kind }) => kind === 'break-glass');
  return sayCounts(tally, (name) =>
    name === GLASS ? broken.reduce((sum, { syncs }) => sum + syncs, 0) : (tally.phases[name] ?? 0),
  );
}

function headlineOf({ clusters }: World, rows: readonly Row[]): string {
  const down = [...clusters.values()].filter((cluster) => cluster.down).length;
  return sayCounts({ syncs: rows.length, clusters: clusters.size }, (name) => {
    if (name === 'Unreachable') return down;
    return rows.filter(({ phase, glass }) => (name === GLASS ? glass : phase === name)).length;
  });
}

const GLASS = 'under break-glass';

function sayCounts(
  { syncs, clusters }: { readonly syncs: number; readonly clusters: number },
  count: (name: string) => number,
): string {
  const problems = [...ORDER, 'Unreachable', GLASS].flatMap((name) => {
    const number = count(name);
    return number === 0 ? [] : [`${number} ${name}`];
  });
  const said = problems.length === 0 ? 'all is well' : problems.join(', ');
  return `${syncs} RSyncs on ${clusters} clusters: ${said}`;
}
