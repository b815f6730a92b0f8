import { Option } from 'commander';
import type { GateMode } from '#infra/kubernetes/gate/render.ts';
import { CONFIG, type Configured, configPathOf, FILE } from '../config/config-file.ts';
import type { Verb } from '../verb.ts';
import { PLACE_VERBS } from './place-verbs.ts';

/** The gate, for a config. */
export const GATE_VERBS: readonly Verb[] = [
  {
    name: 'render',
    noun: 'gate',
    about: 'print the gate for a config file as YAML, for kubectl apply -f -',
    kind: 'local',
    takes: [FILE],
    options: [
      CONFIG,
      new Option('--mode <mode>', 'warn: what would be refused is shown and audited; deny: refused')
        .choices(['warn', 'deny'])
        .default('deny'),
    ],
    async run(given: Configured & { readonly mode: GateMode }, deps) {
      deps.terminal.out(await deps.heavy.renderGate(configPathOf(given, deps), given.mode));
      return 0;
    },
  },
  ...PLACE_VERBS,
];
