import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defined } from '#shared/core/defined.ts';
import { awaitStop, type LocalOptions, readOptions } from './local-world/options.ts';
import { describeWorld } from './local-world/describe-local-world.ts';
import { LocalWorldError } from './local-world/local-world-error.ts';
import { startLocalWorld, type LocalWorld } from './local-world/start-local-world.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** What a shell reports of a process that Ctrl-C ended. */
const FORCED = 130;
/** One sweep more than it takes to see that a stage is live. */
const SOAK_SECONDS = 15;

const options = readOptions(process.argv.slice(2), join(ROOT, '.local'));
process.exitCode = 'exitCode' in options ? options.exitCode : await run(options);

/** Runs the world until a signal stops it, or a function dies; returns the exit code. */
async function run(settings: LocalOptions): Promise<number> {
  const { dir, clusters, portOffset, verbose, effect, stages = false, traces = false } = settings;
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
      bundles: join(ROOT, 'dist'),
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
  process.stdout.write(describeWorld(world, process.cwd()));
  const end = await Promise.race([stop, world.failed]);
  process.stdout.write(typeof end === 'string' ? '\nStopping\n' : `${end.message}\nStopping\n`);
  await world.stop();
  return typeof end === 'string' ? 0 : 1;
}
