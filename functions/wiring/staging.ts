import { createStrategies } from '#shared/config/strategies.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import type { Base } from './base.ts';
import { openDecisions } from './records.ts';

/**
 * Roll-outs in stages, where the config names `records`: also while no image has one, for what is recorded of an image
 * must not outlast its strategy.
 *
 * @example
 * const strategy = openStaging(base)?.strategies.of(rule);
 */
export function openStaging(base: Base): Staging | undefined {
  const decisions = openDecisions(base);
  return decisions && { strategies: createStrategies(base.config), ...decisions };
}
