import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { HIGHEST_OFFSET } from './ports.ts';

export interface LocalOptions {
  readonly clusters: number;
  readonly portOffset: number;
  readonly verbose: boolean;
  readonly dir: string;
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
    .option('--traces', 'collect the steps of every push, and draw them')
    .option('--verbose', 'show the logs of the functions', false)
    .exitOverride();
  try {
    return command.parse(args, { from: 'user' }).opts<LocalOptions>();
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
