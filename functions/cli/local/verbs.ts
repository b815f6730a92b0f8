import { InvalidArgumentError, Option } from 'commander';
import type { Effect } from '#infra/local/local-world/files.ts';
import type { LocalOptions } from '#infra/local/local-world/options.ts';
import type { Given, Verb } from '../verb.ts';

const DEFAULT_CLUSTERS = 3;
/** As many as one machine runs with ease; tests of many clusters have fakes. */
const MAX_CLUSTERS = 100;
const HIGHEST_PORT = 65_535;

const EFFECT = new Option('--effect <effect>', 'images[].effect of the config')
  .choices(['pin', 'gate'])
  .default('pin');

/** Registry, Pub/Sub, clusters and functions on this machine. */
export const LOCAL_VERBS: readonly Verb[] = [
  {
    name: 'up',
    noun: 'local',
    about: 'run registry, Pub/Sub, clusters and functions on this machine until Ctrl-C',
    kind: 'local',
    options: [
      new Option('--clusters <number>', 'how many clusters')
        .argParser(between(1, MAX_CLUSTERS))
        .default(DEFAULT_CLUSTERS),
      new Option('--port-offset <number>', 'added to every port')
        .argParser(between(0, HIGHEST_PORT))
        .default(0),
      new Option('--dir <folder>', 'where its files go (default: .local)'),
      EFFECT,
      new Option('--stages', 'roll the image of the platform out in three stages of seconds'),
      new Option('--traces', 'collect the steps of every push, and draw them'),
      new Option('--verbose', 'show the logs of the functions').default(false),
    ],
    run(given: Given & LocalOptions, { heavy, interrupts }) {
      interrupts.release();
      return heavy.runLocal(given);
    },
  },
  {
    name: 'demo',
    noun: 'local',
    about: 'show a fleet take up signed images, on this machine, and end',
    kind: 'local',
    options: [EFFECT],
    run({ effect }: Given & { readonly effect: Effect }, { heavy, interrupts }) {
      interrupts.release();
      return heavy.runDemo(effect);
    },
  },
];

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}
