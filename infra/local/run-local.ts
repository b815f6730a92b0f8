import { resolve } from 'node:path';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { awaitStop } from './local-world/await-stop.ts';
import { describeWorld } from './local-world/describe-local-world.ts';
import { untilWell } from './local-world/first-images.ts';
import { LocalWorldError } from './local-world/local-world-error.ts';
import type { LocalOptions, LocalPlaces } from './local-world/options.ts';
import { readPorts } from './local-world/ports.ts';
import { MAX_REAL_CLUSTERS } from './local-world/real-clusters.ts';
import { startLocalWorld, type LocalWorld } from './local-world/start-local-world.ts';

/** What a shell reports of a process that Ctrl-C ended. */
const FORCED = 130;
/** One sweep more than it takes to see that a stage is live. */
const SOAK_SECONDS = 15;

/**
 * Runs the local world until a signal stops it, or a function dies; the exit code. Throws `bad-request` for ports
 * that there are not, and for more clusters than the real Config Sync runs in.
 */
export async function runLocal(
  settings: LocalOptions,
  { bundles, home, launcher }: LocalPlaces,
): Promise<0 | 1> {
  const { dir = home, clusters, portOffset, verbose, effect } = settings;
  const { stages = false, traces = false, empty = false } = settings;
  const ports = readPorts(settings.ports, portOffset);
  const configSync = settings.configSync === undefined ? undefined : resolve(settings.configSync);
  if (configSync !== undefined && clusters > MAX_REAL_CLUSTERS) {
    const message = `--config-sync runs ${MAX_REAL_CLUSTERS} clusters at most, and --clusters says ${clusters}: write ${MAX_REAL_CLUSTERS} or fewer`;
    throw new CountersignError('bad-request', message);
  }
  let world: LocalWorld | undefined;
  const force = (): void => {
    world?.kill();
    process.exit(FORCED);
  };
  const stop = awaitStop(process, { force, now: () => performance.now() });
  const stopping = new AbortController();
  void stop.finally(() => stopping.abort());
  const onStep = (step: string): void => void process.stdout.write(`${step}\n`);
  const pubsubHost = process.env['PUBSUB_EMULATOR_HOST'];
  try {
    world = await startLocalWorld({
      dir: resolve(dir),
      bundles,
      ports,
      clusters,
      effect,
      traces,
      seeded: !empty,
      promptPulls: true,
      onStep,
      onLine: (name, line) => void (verbose && process.stdout.write(`[${name}] ${line}\n`)),
      ...defined({
        pubsubHost: pubsubHost || undefined,
        configSync,
        soakSeconds: stages ? SOAK_SECONDS : undefined,
      }),
    });
  } catch (error) {
    // Ctrl-C reaches the functions as well: that they went while starting is no failure then.
    if (stopping.signal.aborted) return 0;
    if (!(error instanceof LocalWorldError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  try {
    if (!empty) await awaitFirstImages(world, onStep, stopping.signal);
    if (!stopping.signal.aborted) {
      process.stdout.write(
        describeWorld(world, { cwd: process.cwd(), launcher, empty, configSync }),
      );
    }
    const end = await Promise.race([stop, world.failed]);
    process.stdout.write(typeof end === 'string' ? '\nStopping\n' : `${end.message}\nStopping\n`);
    return typeof end === 'string' ? 0 : 1;
  } finally {
    await world.stop();
  }
}

/** Waits until every cluster runs what it begins with, a function dies, or a signal comes. */
async function awaitFirstImages(
  world: LocalWorld,
  onStep: (step: string) => void,
  stopping: AbortSignal,
): Promise<void> {
  const { functions, clusters, failed } = world;
  const api = functions.get('api')?.url;
  if (api === undefined) return;
  const ended = new AbortController();
  const signal = AbortSignal.any([stopping, ended.signal]);
  void failed.then(() => ended.abort());
  const sweepSoon = (): void => world.sweepSoon();
  await untilWell({ api, clusters: clusters.length, sweepSoon, onStep, signal }).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error;
    },
  );
}
