import { FLEET_VERBS } from './fleet-verbs.ts';
import { FREEZE_VERBS } from './freeze-verbs.ts';
import { HISTORY_VERBS } from './history-verbs.ts';
import { HOLD_VERBS } from './hold-verbs.ts';
import { ROLLOUT_VERBS } from './rollout-verbs.ts';
import type { Verb } from './verb.ts';

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  ...FLEET_VERBS,
  ...FREEZE_VERBS,
  ...HOLD_VERBS,
  ...ROLLOUT_VERBS,
  ...HISTORY_VERBS,
];
