import { Argument, Option } from 'commander';
import { orderHold, showHolds } from './holds.ts';
import { readInstant, readTime } from '../read-time.ts';
import { CHANGE, type Verb } from '../verb.ts';

const WHERE: readonly Argument[] = [
  new Argument('<cluster>'),
  new Argument('[sync]', 'RootSync/NAME, or RepoSync/NAMESPACE/NAME; without it all it has now'),
];

/** What keeps new digests from single RSyncs. */
export const HOLD_VERBS: readonly Verb[] = [
  {
    name: 'hold',
    about: 'keep new digests away from an RSync, or from all of a cluster',
    kind: 'api',
    takes: WHERE,
    options: [
      ...CHANGE,
      new Option('--until <time>', 'RFC 3339: shown as over from then on; it holds until unhold')
        .argParser(readInstant)
        .conflicts('for'),
      new Option('--for <time>', 'the same from now on, such as 2h or 7d').argParser(readTime),
    ],
    run: orderHold('hold'),
  },
  {
    name: 'unhold',
    about: 'let new digests in again',
    kind: 'api',
    takes: WHERE,
    options: CHANGE,
    run: orderHold('lift'),
  },
  {
    name: 'holds',
    about: 'list what is held, and by whom',
    kind: 'api',
    watch: true,
    options: [
      new Option('--image <image>', 'only what follows it'),
      new Option('--cluster <cluster>', 'only in this cluster'),
    ],
    run: showHolds,
  },
];
