import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '#shared/core/defined.ts';
import { playDemo } from './demo/play-demo.ts';
import { awaitStop } from './local-world/await-stop.ts';
import type { LocalPlaces } from './local-world/options.ts';
import { type Effect, filesIn } from './local-world/files.ts';
import { endLeftovers } from './local-world/leftovers.ts';
import { startLocalWorld } from './local-world/start-local-world.ts';

/** Without any event but of sweeps: on a machine that does much else each act takes its time, and comes to its end. */
const SILENCE_LIMIT_MS = 300_000;
const FORCED = 130;
/** One for each stage, and one more for the last. */
const CLUSTERS = 4;
const SOAK_SECONDS = 1;
/** A real cluster takes 15 s where this takes a tenth of one. Tags are looked at less often: eight RSyncs do that all the time. */
const PACE = { pollMs: 300, attemptMs: 100, rolloutMs: 100 };
const SWEEP_MS = 200;

/** Runs the demo in a world of its own, beside any other; returns the exit code. */
export async function runDemo(effect: Effect, { bundles, home: all }: LocalPlaces): Promise<0 | 1> {
  const startedAt = new Date();
  const silence = new AbortController();
  const silent = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS).unref();
  const home = join(all, 'demo');
  await mkdir(home, { recursive: true });
  await removeEarlierRuns(home);
  const dir = await mkdtemp(join(home, `run-${process.pid}-`));
  const force = (): void => process.exit(FORCED);
  const stop = awaitStop(process, { force, now: () => performance.now() });
  const pubsubHost = process.env['PUBSUB_EMULATOR_HOST'];
  try {
    const world = await startLocalWorld({
      dir,
      bundles,
      ports: 'free',
      clusters: CLUSTERS,
      effect,
      pace: PACE,
      sweepMs: SWEEP_MS,
      soakSeconds: SOAK_SECONDS,
      promptPulls: true,
      project: `demo-${process.pid}`,
      ...defined({ pubsubHost: pubsubHost || undefined }),
    });
    try {
      const live = process.stdout.isTTY;
      const played = playDemo({
        world,
        effect,
        out: process.stdout,
        live,
        limit: silence.signal,
        onProgress: () => silent.refresh(),
        startedAt,
      });
      await Promise.race([played, broken(stop, world.failed)]);
    } finally {
      await world.stop();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`The demo failed: ${reason}\nIts logs are in ${dir}\n`);
    return 1;
  }
  await rm(dir, { recursive: true });
  return 0;
}

/** Removes what demos have left that failed or were killed, with what still runs of them. */
async function removeEarlierRuns(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const dir = join(home, name);
    await endLeftovers(filesIn(dir).record);
    await rm(dir, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is another user's where it may not be asked.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Rejects when the demo cannot go on. */
async function broken(stop: Promise<string>, failed: Promise<Error>): Promise<never> {
  const end = await Promise.race([stop, failed]);
  throw typeof end === 'string' ? new Error(`stopped by ${end}`) : end;
}
