import { CONFIG, type Configured, configPathOf, FILE } from '../config/config-file.ts';
import { timeOption } from '../read-time.ts';
import type { Verb } from '../verb.ts';

/** What is asked before there is a gate. */
export const PREFLIGHT_VERBS: readonly Verb[] = [
  {
    name: 'preflight',
    about: 'what the gate would refuse today, cluster by cluster; 1 where that is anything',
    kind: 'local',
    takes: [FILE],
    options: [
      CONFIG,
      // A fleet of 1,000 clusters takes ten minutes of the sweep's share of calls.
      timeOption('--timeout <time>', 'such as 90s, 10m or 1h', '15m'),
    ],
    async run(given: Configured & { readonly timeout: number }, deps) {
      const { checkFleet } = await import('./check-fleet.ts');
      const open = () => deps.heavy.openFleet(configPathOf(given, deps));
      return checkFleet(given, { ...deps, open });
    },
  },
];
