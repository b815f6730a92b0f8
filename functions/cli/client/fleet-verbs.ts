import { Argument, Option } from 'commander';
import { awaitRelease } from './await-release.ts';
import { askResync, showExplanation, showStatus, showVerdict } from './commands.ts';
import { readTime } from './read-time.ts';
import type { Verb } from './verb.ts';

/** What is asked of the fleet. */
export const FLEET_VERBS: readonly Verb[] = [
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
