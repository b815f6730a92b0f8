import { Argument, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../terminal.ts';
import { awaitRelease } from './await-release.ts';
import {
  askResync,
  type Given,
  showExplanation,
  showStatus,
  showVerdict,
  type VerbDeps,
} from './commands.ts';
import { decideOn, showRollout, showRollouts } from './rollouts.ts';
import { showPlan } from './show-plan.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

export interface Verb {
  readonly name: string;
  /** One of `GROUPS`, whose name is written before its own. */
  readonly group?: keyof typeof GROUPS;
  readonly about: string;
  readonly takes?: readonly Argument[];
  readonly options: readonly Option[];
  /** Commander has seen to it that `given` has the arguments, and of options no others. */
  run(given: Given, deps: VerbDeps): Promise<ExitCode>;
}

/** Verbs of two words, by their first. */
export const GROUPS = { rollout: 'see a roll-out, and decide on it' };

const ID = new Argument('<id>', 'of the roll-out, as rollouts prints it');

/** Of every decision. */
const DECISION: readonly Option[] = [
  new Option('--reason <text>', 'why; recorded and published').makeOptionMandatory(),
  new Option('--if-version <number>', 'only if the record still has this version').argParser(
    readVersion,
  ),
  new Option('--key <key>', 'the same key stands for the same request'),
  new Option('--dry-run', 'say what would change, and change nothing'),
];

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  {
    name: 'status',
    about: 'print the fleet as nomos status does; 1 unless all is well',
    options: [
      new Option('--image <image>', 'only what follows it'),
      new Option('--cluster <cluster>', 'only this cluster'),
      new Option('--sync <sync>', 'only RootSync/NAME, or RepoSync/NAMESPACE/NAME'),
      new Option('--phase <phase>', 'only this phase'),
      new Option('--live', 'ask the clusters, 50 at most, instead of the snapshot'),
    ],
    run: showStatus,
  },
  {
    name: 'resync',
    about: 'have clusters looked at now; without options: all of them',
    options: [
      new Option('--image <image>', 'clusters that follow it'),
      new Option('--digest <digest>', 'with --image: approve it before the tag moves'),
      new Option('--cluster <cluster>', 'this cluster'),
      new Option('--sync <sync>', 'clusters that have it'),
      new Option('--reason <text>', 'for the record'),
      new Option('--key <key>', 'the same key stands for the same request'),
      new Option('--dry-run', 'say what would change, and change nothing'),
    ],
    run: askResync,
  },
  {
    name: 'wait',
    about: 'wait until a digest is live everywhere; fails when a cluster fails',
    takes: [new Argument('<image>', 'IMAGE:TAG, IMAGE@DIGEST, CHART:VERSION or CHART@DIGEST')],
    options: [
      new Option('--cluster <cluster>', 'only in this cluster'),
      timeOption('--timeout <time>', 'such as 90s, 10m or 1h', '10m'),
      // A new RSync is found by the push of its image, or by the next sweep of its cluster.
      timeOption('--grace <time>', 'how long no RSync may follow it yet', '2m'),
      new Option('--stage <stage>', 'until its roll-out has passed this stage').conflicts(
        'cluster',
      ),
    ],
    run: awaitRelease,
  },
  {
    name: 'rollouts',
    about: 'list staged roll-outs; 1 where one is halted, or its record is lost',
    options: [
      new Option('--image <image>', 'only of this image'),
      new Option('--status <status>', 'only those that are there'),
    ],
    run: showRollouts,
  },
  {
    name: 'show',
    group: 'rollout',
    about: 'print a roll-out, its stages and what lags; 1 where it is halted',
    takes: [ID],
    options: [],
    run: showRollout,
  },
  {
    name: 'plan',
    group: 'rollout',
    about: 'what is left of a roll-out, or what another digest would do; 1 where it would stop',
    takes: [new Argument('<image>', 'IMAGE:TAG, or IMAGE:TAG@DIGEST, pushed or not')],
    options: [],
    run: showPlan,
  },
  {
    name: 'pause',
    group: 'rollout',
    about: 'let nothing more in, until it is resumed',
    takes: [ID],
    options: DECISION,
    run: decideOn('pause'),
  },
  {
    name: 'resume',
    group: 'rollout',
    about: 'go on with what is paused or halted',
    takes: [ID],
    options: [
      ...DECISION,
      new Option(
        '--ignore <cluster>',
        'go on although it failed, or is away; may be repeated',
      ).argParser<readonly string[] | undefined>((name, before) => [...(before ?? []), name]),
    ],
    run: decideOn('resume'),
  },
  {
    name: 'abort',
    group: 'rollout',
    about: 'end it where it is',
    takes: [ID],
    options: DECISION,
    run: decideOn('abort'),
  },
  {
    name: 'approve',
    group: 'rollout',
    about: 'approve a stage whose soak is over, so that the next one opens',
    takes: [ID],
    options: [
      ...DECISION,
      new Option('--stage <stage>', 'the stage that waits for it').makeOptionMandatory(),
    ],
    run: decideOn('approve'),
  },
  {
    name: 'rollback',
    group: 'rollout',
    about: 'take every cluster that has the digest back, at once',
    takes: [ID],
    options: [
      ...DECISION,
      new Option('--to <digest>', 'to this, or CHART:VERSION; else what was completed last'),
    ],
    run: decideOn('rollback'),
  },
  {
    name: 'retry',
    group: 'rollout',
    about: 'roll the digest out again, from the first stage',
    takes: [ID],
    options: DECISION,
    run: decideOn('retry'),
  },
  {
    name: 'explain',
    about: "why an RSync is, or is not, on its tag's digest",
    takes: [new Argument('<cluster>'), new Argument('<sync>')],
    options: [],
    run: showExplanation,
  },
  {
    name: 'verify',
    about: 'what an image is under its trust policy',
    takes: [new Argument('<image>')],
    options: [],
    run: showVerdict,
  },
];

function timeOption(flags: string, about: string, usual: string): Option {
  return new Option(flags, about).argParser(readTime).default(readTime(usual), usual);
}

/** In milliseconds. */
function readTime(text: string): number {
  const [, number, unit = ''] = /^([1-9][0-9]{0,5})(s|m|h)$/.exec(text) ?? [];
  const size = UNITS[unit];
  if (number === undefined || size === undefined) {
    throw new InvalidArgumentError('Write a time such as 90s, 10m or 1h.');
  }
  return Number(number) * size;
}

function readVersion(text: string): number {
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the number that rollout show prints.');
}
