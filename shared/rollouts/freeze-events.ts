import { defined } from '#shared/core/defined.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import type { FreezeEvent } from '#shared/status/events.ts';

/**
 * What is frozen, for people.
 *
 * @example
 * sayFrozen(freeze) // 'us-docker.pkg.dev/acme/configs/platform in clusters with env = prod'
 */
export function sayFrozen({ image, clusters }: Pick<PersonFreeze, 'image' | 'clusters'>): string {
  const where = clusters === undefined ? 'all clusters' : `clusters with ${clusters}`;
  return `${image ?? 'All images'} in ${where}`;
}

/** A freeze that begins. */
export function startedEvent(freeze: PersonFreeze): FreezeEvent {
  const { by, reason, at, until } = freeze;
  const end = until === undefined ? '' : `, until ${until}`;
  return {
    type: 'freeze.started',
    // Under a key that comes again, one that was lifted has its id again.
    cause: `set ${at}`,
    data: {
      ...about(freeze),
      actor: by,
      reason,
      since: at,
      errors: [],
      message: `${sayFrozen(freeze)}: nothing new is approved${end}`,
    },
  };
}

/** A freeze that has held for a week since that was last published. */
export function overdueEvent(freeze: PersonFreeze): FreezeEvent {
  const { type, data } = startedEvent(freeze);
  const message = `${sayFrozen(freeze)}: nothing new has been approved since ${freeze.at}`;
  return { type, cause: freeze.saidAt, data: { ...data, overdue: true, message } };
}

/** A freeze that ends: `actor` lifted it, or found that its time has passed. */
export function endedEvent(
  freeze: PersonFreeze,
  { actor, reason, now }: { readonly actor: string; readonly reason: string; readonly now: Date },
): FreezeEvent {
  return {
    type: 'freeze.ended',
    // One that was lost may be lost again.
    cause: freeze.at,
    data: {
      ...about(freeze),
      actor,
      reason,
      since: now.toISOString(),
      errors: [],
      message: `${sayFrozen(freeze)}: no longer frozen by ${freeze.by}`,
    },
  };
}

function about({
  id,
  image,
  clusters,
  until,
  by,
}: PersonFreeze): Pick<FreezeEvent['data'], 'id' | 'image' | 'selector' | 'until' | 'frozenBy'> {
  return { id, frozenBy: by, ...defined({ image, selector: clusters, until }) };
}
