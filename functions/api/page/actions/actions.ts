import type { Action } from './action.ts';
import { DECISION_ACTIONS } from './decisions.ts';
import { FREEZE, UNFREEZE } from './freezes.ts';
import { HOLD, UNHOLD } from './holds.ts';
import { RESYNC } from './resync.ts';

/** All that people may do on the page, by name. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map(
  [RESYNC, FREEZE, UNFREEZE, HOLD, UNHOLD, ...DECISION_ACTIONS].map((one) => [one.name, one]),
);

/** How what was done is called where it has led. */
export function sayDone(name: string | undefined): string | undefined {
  const action = name === undefined ? undefined : ACTIONS.get(name);
  return action?.label.toLowerCase();
}
