import { resolve } from 'node:path';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { awaitStop } from './local-world/await-stop.ts';
import { describeWorld } from './local-world/describe-local-world.ts';
import { LocalWorldError } from './local-world/local-world-error.ts';
import type { LocalOptions, LocalPlaces } from './local-world/options.ts';
import { HIGHEST_OFFSET } from './local-world/ports.ts';
import { startLocalWorld, type LocalWorld } from './local-world/start-local-world.ts';

/** What a shell reports of a process that Ctrl-C ended. */
const FORCED = 130;
/** One sweep more than it takes to see that a stage is live. */
const SOAK_SECONDS = 15;

/**
 * Runs the local world until a signal stops it, or a function dies; the exit code. Throws `bad-request` for ports
 * that there are not.
 */
export async function runLocal(
  settings: LocalOptions,
  { bundles, home, launcher }: LocalPlaces,
): Promise<0 | 1> {
  const { dir = home, clusters, portOffset, verbose, effect } = settings;
  const { stages = false, traces = false } = settings;
  if (portOffset > HIGHEST_OFFSET) {
    const message = `--port-offset ${portOffset} leads beyond the last port: write ${HIGHEST_OFFSET} at most`;
    throw new CountersignError('bad-request', message);
  }
  let world: LocalWorld | undefined;
  const force = (): void => {
    world?.kill();
    process.exit(FORCED);
  };
  const stop = awaitStop(process, { force, now: () => performance.now() });
  let stopping = false;
  void stop.finally(() => {
    stopping = true;
  });
  const pubsubHost = process.env['PUBSUB_EMULATOR_HOST'];
  try {
    world = await startLocalWorld({
      dir: resolve(dir),
      bundles,
      ports: portOffset,
      clusters,
      effect,
      traces,
      onLine: (name, line) => void (verbose && process.stdout.write(`[${name}] ${line}\n`)),
      ...defined({
        pubsubHost: pubsubHost || undefined,
        soakSeconds: stages ? SOAK_SECONDS : undefined,
      }),
    });
  } catch (error) {
    // Ctrl-C reaches the functions as well: that they went while starting is no failure then.
    if (stopping) return 0;
    if (!(error instanceof LocalWorldError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  process.stdout.write(describeWorld(world, process.cwd(), launcher));
  const end = await Promise.race([stop, world.failed]);
  process.stdout.write(typeof end === 'string' ? '\nStopping\n' : `${end.message}\nStopping\n`);
  await world.stop();
  return typeof end === 'string' ? 0 : 1;
}
