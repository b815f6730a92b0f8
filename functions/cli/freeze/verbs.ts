import { Argument, Option } from 'commander';
import { freeze, showFreezes, unfreeze } from './freezes.ts';
import { readInstant, readTime } from '../read-time.ts';
import { CHANGE, type Verb } from '../verb.ts';

/** What stops new approvals, and lets them go on. */
export const FREEZE_VERBS: readonly Verb[] = [
  {
    name: 'freeze',
    about: 'approve nothing new, anywhere or where the options say, until it is lifted',
    kind: 'api',
    options: [
      new Option('--image <image>', 'only this repository, or this very tag of it'),
      new Option('--clusters <selector>', 'only clusters with these labels, such as "env = prod"'),
      new Option('--until <time>', 'it ends by itself then: 2026-12-01T08:00Z')
        .argParser(readInstant)
        .conflicts('for'),
      new Option('--for <time>', 'the same from now on, such as 2h or 7d').argParser(readTime),
      ...CHANGE,
    ],
    run: freeze,
  },
  {
    name: 'unfreeze',
    about: 'lift a freeze, of another person as well',
    kind: 'api',
    takes: [new Argument('<id>', 'of the freeze, as freezes prints it')],
    options: CHANGE.filter(({ long }) => long !== '--key'),
    run: unfreeze,
  },
  {
    name: 'freezes',
    about: 'list what people have frozen; 1 where anything is',
    kind: 'api',
    watch: true,
    options: [],
    run: showFreezes,
  },
];
