import { readFreezing } from '#shared/reconcile/read-freezing.ts';
import { createFindRule } from '#shared/rollouts/find-rule.ts';
import type { StagedDeps } from './deps.ts';

/**
 * The same, with strategies as people have frozen them at this moment. Throws `records-unavailable`.
 *
 * @example
 * const { find } = await freezeNow(deps);
 */
export async function freezeNow<Deps extends Pick<StagedDeps, 'staging' | 'rules' | 'now'>>(
  deps: Deps,
): Promise<Deps & Pick<StagedDeps, 'find'>> {
  const freezing = await readFreezing(deps.staging, deps);
  return { ...deps, find: createFindRule(deps.rules, deps.staging, freezing) };
}
