import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { startLocalWorld } from '#infra/local/local-world/start-local-world.ts';
import { ROOT } from '#test/docs/markdown.ts';
import { eventOf, publishSigned, withoutEvents } from '#test/fixtures/world-story.ts';

/**
 * `node test/architecture/trace-push.ts [--files]`: sends one notification of a signed image through the local world, whose
 * functions run from their sources, and prints each file in which a function was called until the patch, by V8's counts.
 */
const FUNCTIONS = ['push', 'cluster', 'sweep'];
const COUNTED = ['push', 'cluster'] as const;
const LIMIT_MS = 60_000;
const SOURCE = /\/((?:functions|shared)\/[^?]+\.ts)$/;

const Counts = z.array(
  z.object({
    url: z.string(),
    functions: z.array(
      z.object({
        ranges: z.array(z.object({ startOffset: z.int(), count: z.int() })),
      }),
    ),
  }),
);

/** Starts a function from its source; SIGUSR2 writes what was called since the last one, and then SIGUSR2 back. */
function entryOf(name: string): string {
  return `
import { writeFileSync, renameSync } from 'node:fs';
import { Session } from 'node:inspector';
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
let taken = 0;
process.on('SIGUSR2', () => session.post('Profiler.takePreciseCoverage', (_, { result }) => {
  taken += 1;
  const counts = result.filter(({ url }) => url.startsWith('file:'));
  writeFileSync(${JSON.stringify(join(folder, name))} + '.part', JSON.stringify(counts));
  renameSync(${JSON.stringify(join(folder, name))} + '.part', ${JSON.stringify(join(folder, name))} + '.' + taken);
}));
await import(${JSON.stringify(pathToFileURL(join(ROOT, 'functions', name, 'main.ts')).href)});
`;
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error('The local world does not get there');
    await sleep(50);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'countersign-trace-'));
const bundles = join(folder, 'functions');
for (const name of FUNCTIONS) {
  await mkdir(join(bundles, name), { recursive: true });
  await writeFile(join(bundles, name, 'package.json'), '{"type":"module"}');
  await writeFile(join(bundles, name, 'main.js'), entryOf(name));
}
let done = 0;
const world = await startLocalWorld({
  dir: join(folder, 'world'),
  ports: 'free',
  bundles,
  clusters: 1,
  sweepMs: 3_600_000,
  pace: { pollMs: 100, attemptMs: 100, rolloutMs: 100 },
  onLine: (_, line) => {
    if (line.includes('"message":"Task done"')) done += 1;
  },
});
try {
  // The first sweep is over: from here on what is counted is the notification's doing.
  await until(() => done > 0);
  const digest = await withoutEvents(world, () => publishSigned(world, 'a: 1\n'));
  await take(1);
  const before = done;
  await world.pubsub.publish('gcr', eventOf(world, digest));
  await until(() => done > before);
  await take(2);
  const passed = await Promise.all(
    COUNTED.map(async (name) => calledIn(await readCounts(name, 2))),
  );
  for (const [index, name] of COUNTED.entries()) print(name, passed[index] ?? []);
  print('together', [...new Set(passed.flat())].toSorted());
} finally {
  await world.stop();
  await rm(folder, { recursive: true, force: true });
}

async function take(number: number): Promise<void> {
  for (const name of COUNTED) {
    const pid = world.functions.get(name)?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGUSR2');
    await until(() => existsSync(join(folder, `${name}.${number}`)));
  }
}

async function readCounts(name: string, number: number): Promise<z.infer<typeof Counts>> {
  return Counts.parse(JSON.parse(await readFile(join(folder, `${name}.${number}`), 'utf8')));
}

function calledIn(counts: z.infer<typeof Counts>): readonly string[] {
  return counts
    .filter(({ functions }) => functions.some(isCalled))
    .flatMap(({ url }) => SOURCE.exec(url)?.[1] ?? [])
    .toSorted();
}

function print(name: string, files: readonly string[]): void {
  process.stdout.write(`${name}: ${files.length} files\n`);
  if (process.argv.includes('--files')) process.stdout.write(`${files.join('\n')}\n`);
}

/** A module's own body counts as a function that begins with it. */
function isCalled({ ranges }: z.infer<typeof Counts>[number]['functions'][number]): boolean {
  const [whole] = ranges;
  return whole !== undefined && whole.startOffset > 0 && whole.count > 0;
}
