import { Argument, InvalidArgumentError, Option } from 'commander';
import { decideOn, showRollout, showRollouts, startRollout } from './rollouts.ts';
import { showPlan } from './show-plan.ts';
import { CHANGE, type Verb } from '../verb.ts';

const ID = new Argument('<id>', 'of the roll-out, as rollouts prints it');

/** Of every decision. */
const DECISION: readonly Option[] = [
  ...CHANGE,
  new Option('--if-version <number>', 'only if the record still has this version').argParser(
    readVersion,
  ),
];

const LIST: Verb = {
  name: 'list',
  noun: 'rollout',
  about: 'list staged roll-outs; 1 where one is halted, or its record is lost',
  kind: 'api',
  watch: true,
  options: [
    new Option('--image <image>', 'only of this image'),
    new Option('--status <status>', 'only those in this state'),
  ],
  run: showRollouts,
};

/** What is asked of roll-outs, and decided. */
export const ROLLOUT_VERBS: readonly Verb[] = [
  {
    name: 'rollouts',
    about: LIST.about,
    kind: 'api',
    watch: true,
    options: LIST.options,
    run: showRollouts,
  },
  LIST,
  {
    name: 'show',
    noun: 'rollout',
    about: 'print a roll-out, its stages and what lags; 1 where it is halted',
    kind: 'api',
    watch: true,
    takes: [ID],
    options: [],
    run: showRollout,
  },
  {
    name: 'plan',
    noun: 'rollout',
    about: 'what is left of a roll-out, or what another digest would do; 1 where it would stop',
    kind: 'api',
    takes: [new Argument('<image>', 'IMAGE:TAG, or IMAGE:TAG@DIGEST, pushed or not')],
    options: [],
    run: showPlan,
  },
  {
    name: 'start',
    noun: 'rollout',
    about: 'roll out what the tag names, or a digest, from the first stage',
    kind: 'api',
    takes: [new Argument('<image>', 'IMAGE:TAG, or IMAGE:TAG@DIGEST')],
    options: DECISION,
    run: startRollout,
  },
  {
    name: 'pause',
    noun: 'rollout',
    about: 'let nothing more in, until it is resumed',
    kind: 'api',
    takes: [ID],
    options: DECISION,
    run: decideOn('pause'),
  },
  {
    name: 'resume',
    noun: 'rollout',
    about: 'go on with what is paused or halted',
    kind: 'api',
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
    noun: 'rollout',
    about: 'end it where it is',
    kind: 'api',
    takes: [ID],
    options: DECISION,
    run: decideOn('abort'),
  },
  {
    name: 'approve',
    noun: 'rollout',
    about: 'approve a stage whose soak is over, so that the next one opens',
    kind: 'api',
    takes: [ID],
    options: [
      ...DECISION,
      new Option('--stage <stage>', 'the stage that waits for it').makeOptionMandatory(),
    ],
    run: decideOn('approve'),
  },
  {
    name: 'promote',
    noun: 'rollout',
    about: 'let all clusters up to a stage in at once, without soak, approval or turn',
    kind: 'api',
    takes: [ID],
    options: [
      ...DECISION,
      new Option('--stage <stage>', 'up to this one').conflicts('all'),
      new Option('--all', 'every stage'),
      new Option('--override-windows', 'outside of windows and freezes of the config, too'),
      new Option('--include-held', 'what is held as well'),
    ],
    run: decideOn('promote'),
  },
  {
    name: 'rollback',
    noun: 'rollout',
    about: 'take every cluster that has the digest back, at once',
    kind: 'api',
    takes: [ID],
    options: [
      ...DECISION,
      new Option('--to <digest>', 'to this, or CHART:VERSION; else what was completed last'),
    ],
    run: decideOn('rollback'),
  },
  {
    name: 'retry',
    noun: 'rollout',
    about: 'roll the digest out again, from the first stage',
    kind: 'api',
    takes: [ID],
    options: DECISION,
    run: decideOn('retry'),
  },
];

function readVersion(text: string): number {
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the number that rollout show prints.');
}
