import { Argument, Option } from 'commander';
import type { Verb } from '../verb.ts';
import { showTrack } from './show-track.ts';

/** What is asked of versions. */
export const TRACK_VERBS: readonly Verb[] = [
  {
    name: 'track',
    about: 'the versions of an image as they would be chosen, and why others are passed over',
    kind: 'api',
    takes: [new Argument('<image>')],
    options: [new Option('--chart', 'its repository holds charts')],
    run: showTrack,
  },
];
