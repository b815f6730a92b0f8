import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { type Freezing, createFreezing, lostFreeze } from '#shared/core/rollout/freezes.ts';
import type { ImageDeps, Staging } from './deps.ts';

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
  const found = await freezes.read().catch(unreadable);
  return createFreezing(found.lost ? [lostFreeze(now())] : found.freezes);
}

function unreadable(error: unknown): never {
  const cause = toFailure(error);
  const message = `What people have frozen cannot be read: ${cause.message}`;
  throw new CountersignError('records-unavailable', message, { cause });
}
