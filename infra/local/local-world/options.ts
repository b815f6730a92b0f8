import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Effect } from './files.ts';
import { HIGHEST_OFFSET } from './ports.ts';

export interface LocalOptions {
  readonly clusters: number;
  readonly portOffset: number;
  readonly verbose: boolean;
  readonly dir: string;
  readonly effect: Effect;
  /** Whether the platform's image is rolled out in stages. */
  readonly stages?: boolean;
  /** Whether spans are collected. */
  readonly traces?: boolean;
}

const DEFAULT_CLUSTERS = 3;
/** As many as one machine runs with ease; tests of many clusters have fakes. */
const MAX_CLUSTERS = 100;

/**
 * Options of `npm run local -- …`; the exit code where there is nothing to run (help was asked for, or bad input).
 * `defaultDir` is where files go without `--dir`.
 */
export function readOptions(
  args: readonly string[],
  defaultDir: string,
): LocalOptions | { readonly exitCode: number } {
  const command = new Command('npm run local --')
    .description('Runs registry, Pub/Sub, clusters and functions on this machine until Ctrl-C')
    .option('--clusters <number>', 'how many clusters', between(1, MAX_CLUSTERS), DEFAULT_CLUSTERS)
    .option('--port-offset <number>', 'added to every port', between(0, HIGHEST_OFFSET), 0)
    .option('--dir <folder>', 'where its files go', defaultDir)
    .addOption(effectOption())
    .option('--stages', 'roll the image of the platform out in three stages of seconds')
    .option('--traces', 'collect the steps of every push, and draw them')
    .option('--verbose', 'show the logs of the functions', false)
    .exitOverride();
  return parse(command, args) ?? command.opts<LocalOptions>();
}

/** The effect that `npm run demo -- …` shows; the exit code where there is nothing to run. */
export function readDemoOptions(
  args: readonly string[],
): { readonly effect: Effect } | { readonly exitCode: number } {
  const command = new Command('npm run demo --')
    .description('Shows a fleet take up signed images, on this machine, and ends')
    .addOption(effectOption())
    .exitOverride();
  return parse(command, args) ?? command.opts<{ readonly effect: Effect }>();
}

function effectOption(): Option {
  return new Option('--effect <effect>', 'images[].effect of the config')
    .choices(['pin', 'gate'])
    .default('pin');
}

/** Undefined where the command goes on. */
function parse(
  command: Command,
  args: readonly string[],
): { readonly exitCode: number } | undefined {
  try {
    command.parse(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode === 0 ? 0 : 2 };
  }
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes the terminal's Ctrl-C on to a process that had it already: two this close are one. */
const SAME_SIGNAL_MS = 500;

/** Resolves with the first signal that asks to stop. A later one calls `force`: the person at the terminal does not want to wait. */
export function awaitStop(
  process: { on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown },
  { force, now }: { readonly force: () => void; readonly now: () => number },
): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: number | undefined;
  for (const name of SIGNALS) {
    process.on(name, (signal) => {
      if (first !== undefined && now() - first > SAME_SIGNAL_MS) force();
      first ??= now();
      resolve(signal);
    });
  }
  return promise;
}
