import { type Freezing, createFreezing, freezesIn } from '#shared/core/rollout/freezes.ts';
import type { ImageDeps, Staging } from './deps.ts';
import { unreadable } from './unreadable.ts';

/**
 * What people have frozen, at this moment. Where that is lost, all is. Throws `records-unavailable`.
 *
 * @example
 * const freezing = await readFreezing(staging, deps);
 */
export async function readFreezing(
  { freezes }: Pick<Staging, 'freezes'>,
  { now }: Pick<ImageDeps, 'now'>,
): Promise<Freezing> {
  const found = await freezes.read().catch(unreadable('What people have frozen'));
  return createFreezing(freezesIn(found, now()));
}
