import { createTroubles } from '#functions/api/fleet/present.ts';
import { createSummary, sayHealth } from '#functions/api/page/read-summary.ts';
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

const NO_TERMINAL = { out: () => undefined, err: () => undefined, live: false, quiet: false };
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
  for (const json of [false, true]) {
    const exit = await showStatus({ json }, { api, terminal: NO_TERMINAL });
    expect(`the exit code of status${json ? ' --json' : ''}`, exit, well ? 0 : 1);
  }
  expect(
    'the headline',
    sayHealth(await createSummary({ ...deps, troubles: createTroubles(deps) })()),
    headlineOf(world, rows),
  );
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

/** The order of the words is the headline's own. */
function headlineOf({ clusters }: World, rows: readonly Row[]): string {
  const order = [
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
  const count = (wanted: string): number => rows.filter(({ phase }) => phase === wanted).length;
  const down = [...clusters.values()].filter((cluster) => cluster.down).length;
  const counts: (readonly [string, number])[] = [
    ...order.map((phase) => [phase, count(phase)] as const),
    ['Unreachable', down],
    ['under break-glass', rows.filter(({ glass }) => glass).length],
  ];
  const fleet = `${rows.length} RSyncs on ${clusters.size} clusters`;
  const problems = counts.flatMap(([name, number]) => (number === 0 ? [] : [`${number} ${name}`]));
  return `${fleet}: ${problems.length === 0 ? 'all is well' : problems.join(', ')}`;
}
