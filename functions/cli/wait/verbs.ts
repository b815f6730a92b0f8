import { Argument, Option } from 'commander';
import { timeOption } from '../read-time.ts';
import type { Verb } from '../verb.ts';
import { awaitRelease } from './await-release.ts';

/** What a release pipeline runs last. */
export const WAIT_VERBS: readonly Verb[] = [
  {
    name: 'wait',
    about: 'wait until a digest is live everywhere; fails when a cluster fails',
    kind: 'api',
    waits: true,
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
];
