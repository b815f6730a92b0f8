import type { RolloutStep } from './explain-steps.ts';
import { endsByItself, sayFreeze } from './freezes.ts';
import { sayDistance } from './say-time.ts';
import type { Labels } from './strategy.ts';
import { type Freeze, isFrozen, nextOpening } from './windows.ts';

/**
 * Whether what is new is frozen in a cluster, by whom, and what ends that; `waits`: something waits for it.
 *
 * @example
 * explainFreeze(strategy.freezes, member.labels, now, true).finding // 'Frozen by ops@acme.example until …'
 */
export function explainFreeze(
  freezes: readonly Freeze[],
  labels: Labels,
  now: Date,
  waits: boolean,
): RolloutStep & { readonly step: 'freeze' } {
  const held = freezes.filter((freeze) => isFrozen(freeze, now) && freeze.selects(labels));
  const [first, ...others] = held;
  if (first === undefined) {
    return { step: 'freeze', outcome: 'ok', finding: 'No freeze holds', details: [] };
  }
  const details = [...others.map(sayFreeze), ...held.map((freeze) => sayEnd(freeze, now))];
  return { step: 'freeze', outcome: waits ? 'wait' : 'ok', finding: sayFreeze(first), details };
}

function sayEnd(freeze: Freeze, now: Date): string {
  const { name, person } = freeze;
  const over = endsByItself(freeze) ? nextOpening(undefined, [freeze], now) : undefined;
  const end =
    over === undefined ? '' : `${name} ends in ${sayDistance(over.getTime() - now.getTime())}`;
  if (person === undefined) return end || `${name} ends when the config says so`;
  const lift = `countersign unfreeze ${name}`;
  return end === '' ? `An invoker lifts it: ${lift}` : `${end}, or an invoker lifts it: ${lift}`;
}
