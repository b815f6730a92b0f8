import { InvalidArgumentError, Option } from 'commander';
import { EVENTS_VERB } from './events-verb.ts';
import { showHistory } from './history.ts';
import type { Verb } from '../verb.ts';

/** What is asked of the history. */
export const HISTORY_VERBS: readonly Verb[] = [
  {
    name: 'history',
    about: 'what was approved, withdrawn, rolled out and decided, by whom and why; newest first',
    kind: 'api',
    options: [
      new Option('--since <time>', 'how long ago, such as 12h or 7d, or a time of RFC 3339'),
      new Option('--until <time>', 'the same: nothing from then on'),
      new Option('--image <image>', 'only of this image'),
      new Option('--cluster <cluster>', 'only of this cluster'),
      new Option('--actor <email>', 'only what this person did'),
      new Option('--type <type>', 'only this type of events, such as rollout.halted, or rollout'),
      new Option('--limit <number>', 'so many at most').argParser(readLimit).default(50),
      new Option('--cursor <cursor>', 'go on where another answer ended'),
    ],
    run: showHistory,
  },
  EVENTS_VERB,
];

function readLimit(text: string): number {
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number from 1 to 99999.');
}
