import { Argument, Option } from 'commander';
import type { Verb } from '../verb.ts';
import { showExplanation } from './show-explanation.ts';
import { showStatus } from './show-status.ts';

/** What is asked of the fleet. */
export const FLEET_VERBS: readonly Verb[] = [
  {
    name: 'status',
    about: 'whether all is well and what needs a person, worst first; 1 unless all is well',
    kind: 'api',
    watch: true,
    nomos: true,
    options: [
      new Option('--image <image>', 'only what follows it'),
      new Option('--cluster <cluster>', 'only this cluster'),
      new Option('--sync <sync>', 'only RootSync/NAME, or RepoSync/NAMESPACE/NAME'),
      new Option('--phase <phase>', 'only this phase'),
      new Option('--all', 'every cause, image and RSync, and not one screen of them'),
      new Option('--live', 'ask the clusters, 50 at most, instead of the snapshot'),
    ],
    run: showStatus,
  },
  {
    name: 'explain',
    about: "why an RSync is, or is not, on its tag's digest",
    kind: 'api',
    takes: [new Argument('<cluster>'), new Argument('<sync>')],
    options: [],
    run: showExplanation,
  },
];
