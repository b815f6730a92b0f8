import { ABOUT_VERBS } from './about/verbs.ts';
import { CONFIG_VERBS } from './config/verbs.ts';
import { CONTEXT_VERBS } from './context/verbs.ts';
import { FLEET_VERBS } from './fleet/verbs.ts';
import { FREEZE_VERBS } from './freeze/verbs.ts';
import { GATE_VERBS } from './gate/verbs.ts';
import { HISTORY_VERBS } from './history/verbs.ts';
import { HOLD_VERBS } from './hold/verbs.ts';
import { LETTER_VERBS } from './letters/verbs.ts';
import { LOCAL_VERBS } from './local/verbs.ts';
import { PREFLIGHT_VERBS } from './preflight/verbs.ts';
import { RESYNC_VERBS } from './resync/verbs.ts';
import { ROLLOUT_VERBS } from './rollout/verbs.ts';
import type { Verb } from './verb.ts';
import { TRACK_VERBS } from './track/verbs.ts';
import { VERIFY_VERBS } from './verify/verbs.ts';
import { WAIT_VERBS } from './wait/verbs.ts';

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  ...FLEET_VERBS,
  ...VERIFY_VERBS,
  ...TRACK_VERBS,
  ...WAIT_VERBS,
  ...RESYNC_VERBS,
  ...ROLLOUT_VERBS,
  ...HOLD_VERBS,
  ...FREEZE_VERBS,
  ...HISTORY_VERBS,
  ...CONFIG_VERBS,
  ...GATE_VERBS,
  ...PREFLIGHT_VERBS,
  ...LETTER_VERBS,
  ...LOCAL_VERBS,
  ...CONTEXT_VERBS,
  ...ABOUT_VERBS,
];
