import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { awaitStop } from './world/await-stop.ts';
import { describeWorld } from './world/describe-world.ts';
import { type LocalOptions, readOptions } from './world/read-options.ts';
import { WorldError } from './world/world-error.ts';
import { startWorld, type World } from './world.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** What a shell reports of a process that Ctrl-C ended. */
const FORCED = 130;

const options = readOptions(process.argv.slice(2));
process.exitCode = 'exitCode' in options ? options.exitCode : await run(options);

/** Runs the world until it is told to stop, or a function dies; returns the exit code. */
async function run({ clusters, portOffset, verbose }: LocalOptions): Promise<number> {
  let world: World | undefined;
  const stop = awaitStop(process, () => {
    world?.kill();
    process.exit(FORCED);
  });
  const pubsubHost = process.env['PUBSUB_EMULATOR_HOST'];
  try {
    world = await startWorld({
      dir: join(ROOT, '.local'),
      bundles: join(ROOT, 'dist'),
      ports: portOffset,
      clusters,
      ...(pubsubHost ? { pubsubHost } : {}),
      ...(verbose ? { onLine: (name, line) => process.stdout.write(`[${name}] ${line}\n`) } : {}),
    });
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  process.stdout.write(describeWorld(world, process.cwd()));
  const end = await Promise.race([stop, world.failed]);
  process.stdout.write(typeof end === 'string' ? '\nStopping\n' : `${end.message}\nStopping\n`);
  await world.stop();
  return typeof end === 'string' ? 0 : 1;
}
