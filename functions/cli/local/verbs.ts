import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Effect } from '#infra/local/local-world/files.ts';
import type { LocalOptions } from '#infra/local/local-world/options.ts';
import type { FunctionName } from '#infra/local/local-world/ports.ts';
import type { Given, Verb } from '../verb.ts';

const DEFAULT_CLUSTERS = 3;
/** As many as one machine runs, though its Config Sync is slower by then. */
const MAX_CLUSTERS = 1000;
const HIGHEST_PORT = 65_535;

const EFFECT = new Option('--effect <effect>', 'images[].effect of the config')
  .choices(['pin', 'gate'])
  .default('pin');

const DIR = new Option('--dir <folder>', 'where its files are (default: .local)');

const FUNCTIONS: readonly FunctionName[] = [
  'push',
  'cluster',
  'sweep',
  'history',
  'api',
  'admission',
];

interface Steered {
  readonly function: FunctionName;
  readonly dir?: string;
}

/** Stops a function of the world that runs, or starts it again. */
function steer(name: 'stop' | 'start', about: string): Verb {
  return {
    name,
    noun: 'local',
    about,
    kind: 'local',
    takes: [new Argument('<function>', 'one of the world that runs').choices(FUNCTIONS)],
    options: [DIR],
    async run({ function: steered, dir }: Given & Steered, { heavy, terminal }) {
      terminal.out(`${await heavy.steerLocal({ name: steered, act: name, dir })}\n`);
      return 0;
    },
  };
}

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
      new Option('--ports <ports>', 'free ones (free), or some by name (api=9090,registry=5001)'),
      DIR,
      EFFECT,
      new Option('--empty', 'begin without images; otherwise every cluster runs signed ones'),
      new Option('--stages', 'roll the image of the platform out in three stages of seconds'),
      new Option(
        '--config-sync <folder>',
        'run the real Config Sync of this folder, on real API servers; 3 clusters at most',
      ),
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
  steer('stop', 'stop a function of the world that runs, to rehearse an outage'),
  steer('start', 'start a function again that was stopped'),
];

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}
