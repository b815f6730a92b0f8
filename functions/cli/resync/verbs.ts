import { Option } from 'commander';
import type { Verb } from '../verb.ts';
import { askResync } from './ask-resync.ts';

/** What has clusters looked at. */
export const RESYNC_VERBS: readonly Verb[] = [
  {
    name: 'resync',
    about: 'have clusters looked at now; 1 where there is none to look at',
    kind: 'api',
    options: [
      new Option('--image <image>', 'clusters that follow it'),
      new Option('--digest <digest>', 'with --image: approve it before the tag moves'),
      new Option('--cluster <cluster>', 'this cluster'),
      new Option('--sync <sync>', 'clusters that have it'),
      new Option('--all', 'the whole fleet; asked for at a terminal, needed elsewhere'),
      new Option('--reason <text>', 'for the record'),
      new Option('--key <key>', 'the same key stands for the same request'),
      new Option('--dry-run', 'say what would change, and change nothing'),
    ],
    run: askResync,
  },
];
