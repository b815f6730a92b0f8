import { CountersignError } from '#shared/core/errors.ts';
import { type PersonFreeze, freezesIn } from '#shared/core/rollout/freezes.ts';
import type { ImageDeps, Staging } from '#shared/reconcile/deps.ts';
import { writeFreezes } from '#shared/records/freezes-schema.ts';
import type { FreezesFound } from '#shared/records/freezes.ts';
import type { FreezeEvent } from '#shared/status/events.ts';
import { startedEvent } from './freeze-events.ts';

export interface ChangeFreezesDeps
  extends Pick<ImageDeps, 'publish' | 'now'>,
    Pick<Staging, 'freezes'> {}

/** What is made of the freezes in place, and what is published of it first. */
export interface FreezeChange {
  readonly freezes: readonly PersonFreeze[];
  readonly events: readonly FreezeEvent[];
}

/** Losing to other writers this often in a row is no accident. */
const MAX_ATTEMPTS = 10;

/**
 * Publishes what `decide` makes of the freezes in place, then replaces those, and only those. Where another writer was
 * faster, `decide` is asked again with what that one wrote; undefined leaves them as they are. Freezes that are lost are
 * replaced by one of everything, whatever is decided: who lifts that decides that nothing of them was needed. Returns
 * what is in place then. Throws `store-unavailable`, `publish-failed`, and `too-large` for more than there is room for.
 *
 * @example
 * await changeFreezes((freezes) => ({ freezes: [...freezes, mine], events: [startedEvent(mine)] }), deps);
 */
export async function changeFreezes(
  decide: (freezes: readonly PersonFreeze[]) => FreezeChange | undefined,
  { freezes, publish, now }: ChangeFreezesDeps,
): Promise<readonly PersonFreeze[]> {
  let found = await freezes.read();
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const known = freezesIn(found, now());
    const change = decide(known);
    if (change === undefined && !found.lost) return known;
    const next = change?.freezes ?? known;
    // What could not be recorded is not published.
    writeFreezes(next);
    const lost = found.lost ? known.map((freeze) => lostEvent(freeze, found)) : [];
    for (const event of [...lost, ...(change?.events ?? [])]) await publish(event);
    if (await freezes.replace(next, found)) return next;
    found = await freezes.read();
  }
  const message = `Others have changed the freezes ${MAX_ATTEMPTS} times meanwhile`;
  throw new CountersignError('store-unavailable', message);
}

/** One loss, one id: two sweeps that find it publish the same. */
function lostEvent(freeze: PersonFreeze, { revision }: FreezesFound): FreezeEvent {
  const cause = revision ?? freeze.at.slice(0, 'yyyy-mm-dd'.length);
  return { ...startedEvent(freeze), severity: 'ERROR', cause };
}
