import { Argument, Option } from 'commander';
import { type Configured, CONFIG, configPathOf } from '../config/config-file.ts';
import { timeOption } from '../read-time.ts';
import type { Verb } from '../verb.ts';
import { showVerdict } from './show-verdict.ts';

interface Asked extends Configured {
  readonly image: string;
  readonly local?: boolean;
  readonly timeout: number;
}

/** What an image is. */
export const VERIFY_VERBS: readonly Verb[] = [
  {
    name: 'verify',
    about:
      'what an image is under its trust policy: by the API, or by a config file; 1 unless verified',
    kind: 'api',
    takes: [new Argument('<image>')],
    options: [
      new Option('--local', 'verify on this machine, by the config file'),
      CONFIG,
      // Longer than any verdict takes that a function would wait for.
      timeOption('--timeout <time>', 'with --local: such as 90s or 2m', '60s'),
    ],
    async run({ local, image, timeout, ...given }: Asked, deps) {
      // Who names a config file means it.
      if (!local && given.config === undefined) return showVerdict({ image }, deps);
      const { verifyImage } = await import('./verify-image.ts');
      const open = () => deps.heavy.openJudge(configPathOf(given, deps));
      return verifyImage({ image, timeout }, { ...deps, open });
    },
  },
];
