import { Option } from 'commander';
import type { Verb } from '../verb.ts';
import { showEvents } from './show-events.ts';

/** What happens, as it happens. */
export const EVENTS_VERB: Verb = {
  name: 'events',
  about: 'what happened, oldest first, and with --follow what happens, until Ctrl-C',
  kind: 'api',
  options: [
    new Option('-f, --follow', 'print what comes, too'),
    new Option('--since <time>', 'how long ago, such as 12h or 7d, or a time of RFC 3339').default(
      '1h',
    ),
    new Option('--image <image>', 'only of this image'),
    new Option('--cluster <cluster>', 'only of this cluster'),
    new Option('--type <type>', 'only this type of events, such as rollout.halted, or rollout'),
  ],
  run: showEvents,
};
