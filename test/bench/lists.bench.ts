import { runCountersign } from '#test/fixtures/run-countersign.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { ASKED, openLargeWorld } from './lists/large-world.ts';

const FLEET = 10_000;
const QUICK = 300;
const VIEWS = 9;
/** Of one answer: milliseconds of CPU, and kB. */
const MAX_MS = 200;
const MAX_KB = 100;

const TEAM = 'us-docker.pkg.dev/acme/configs/team-7';

/** Pages of the browser. */
const PAGES = [
  ['fleet', '/fleet'],
  ['fleet, one image', `/fleet?image=${TEAM}:v1`],
  ['fleet, failed', '/fleet?phase=Failed'],
  ['images', '/images'],
  ['one RSync explained', `/explain?cluster=${ASKED}&sync=RootSync/root-sync`],
  ['history', '/history'],
  ['history of a cluster', `/history?cluster=${ASKED}`],
] as const;

/** Answers of the API, a page of each. */
const ANSWERS = [
  ['GET fleet', '/v1/fleet?limit=100'],
  ['GET fleet, one image', `/v1/fleet?limit=100&image=${TEAM}:v1`],
  ['GET fleet, by label', '/v1/fleet?limit=100&labels=region%20%3D%20us'],
  ['GET fleet, by stage', '/v1/fleet?limit=100&stage=canary'],
  ['GET fleet, a phase that few are in', '/v1/fleet?limit=100&phase=Failed'],
  ['GET fleet, a search that finds nothing', '/v1/fleet?limit=100&search=no-such-name'],
  ['GET overview', '/v1/overview'],
  ['GET explain', `/v1/explain?cluster=${ASKED}&sync=RootSync/root-sync`],
  ['GET history', '/v1/history?limit=100'],
  ['GET history of a cluster', `/v1/history?limit=100&cluster=${ASKED}`],
  ['GET history of a repository', `/v1/history?limit=100&image=${TEAM}`],
  ['GET history of a tag', `/v1/history?limit=100&image=${TEAM}:v1`],
  ['GET history of a person', '/v1/history?limit=100&actor=person-7%40acme.example'],
  ['GET history of a type', '/v1/history?limit=100&type=sync.failed'],
  ['GET history of types', '/v1/history?limit=100&type=sync'],
  ['GET history, types that there are none of', '/v1/history?limit=100&type=gate'],
  ['GET history, a day', '/v1/history?limit=100&since=2026-11-03&until=2026-11-04'],
] as const;

/**
 * What people look at of a large fleet and of its history: the first answer of each, by CPU of the whole process, and its
 * size. Nothing is remembered between two looks.
 */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const clusters = quick ? QUICK : FLEET;
  say(`filling ${clusters} clusters`);
  const { world, close } = await openLargeWorld(clusters);
  const figures: Figure[] = [];

  async function measure(what: string, look: () => Promise<string>): Promise<void> {
    say(what);
    const views: number[] = [];
    let bytes = 0;
    for (let at = 0; at < VIEWS; at += 1) {
      // Past what is remembered, and what a caller may spend.
      world.pass(60_000);
      const startedAt = world.deps.now().toISOString();
      await world.deps.store.writeNote('sweep', 'fleet', { startedAt, tasked: {} });
      const before = process.cpuUsage();
      bytes = Buffer.byteLength(await look());
      const { user, system } = process.cpuUsage(before);
      views.push((user + system) / 1000);
    }
    const of = 'ours';
    const [time, size] = [{ of, limit: MAX_MS } as const, { of, limit: MAX_KB } as const];
    figures.push(
      figureOf({ what: `${what}, CPU`, unit: 'ms', ours: views, budget: time }),
      figureOf({ what, unit: 'kB', ours: [bytes / 1000], budget: size }),
    );
  }

  const look = (path: string, accept: string) => async (): Promise<string> => {
    const answer = await world.get(path, accept);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  };
  try {
    for (const [what, path] of PAGES) await measure(`page: ${what}`, look(path, 'text/html'));
    for (const [what, path] of ANSWERS) await measure(what, look(path, 'application/json'));
    await measure('countersign status', async () => (await runCountersign(world, ['status'])).out);
  } finally {
    await close();
  }
  return figures;
}
