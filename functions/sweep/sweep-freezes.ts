import { toFailure } from '#shared/core/errors.ts';
import {
  type Freezing,
  type PersonFreeze,
  createFreezing,
  isOver,
} from '#shared/core/rollout/freezes.ts';
import type { ImageDeps, Staging } from '#shared/reconcile/deps.ts';
import { type FreezeChange, changeFreezes } from '#shared/rollouts/change-freezes.ts';
import { endedEvent, overdueEvent } from '#shared/rollouts/freeze-events.ts';
import type { Fault } from './sweep-rollouts.ts';

interface SweepFreezesDeps extends Pick<ImageDeps, 'publish' | 'now' | 'log'> {
  readonly staging: Pick<Staging, 'freezes'>;
}

export interface SweptFreezes {
  /** Absent: they cannot be read, so that no roll-out takes a step. */
  readonly freezing?: Freezing;
  readonly faults: readonly Fault[];
}

/** A freeze that is forgotten stops a fleet as well as one that is meant. */
const REMIND_MS = 7 * 24 * 3_600_000;

/**
 * Ends freezes whose time has passed, publishes again those that have held for another week, and what has become of
 * freezes that are lost. Gives what holds now.
 */
export async function sweepFreezes({
  staging: { freezes },
  ...deps
}: SweepFreezesDeps): Promise<SweptFreezes> {
  try {
    const all = await changeFreezes((known) => tidy(known, deps.now()), { ...deps, freezes });
    return { freezing: createFreezing(all), faults: [] };
  } catch (error) {
    const { code, message } = toFailure(error);
    deps.log.warn({ error }, 'Freezes could not be swept');
    return { faults: [{ code, message: `Freezes: ${message}` }] };
  }
}

function tidy(known: readonly PersonFreeze[], now: Date): FreezeChange | undefined {
  const over = known.filter((freeze) => isOver(freeze, now));
  const left = known.filter((freeze) => !isOver(freeze, now));
  const overdue = left.filter(({ saidAt }) => now.getTime() - Date.parse(saidAt) >= REMIND_MS);
  if (over.length + overdue.length === 0) return undefined;
  const saidAt = now.toISOString();
  const ended = { actor: 'sweep', reason: 'Its time has passed', now };
  return {
    freezes: left.map((freeze) => (overdue.includes(freeze) ? { ...freeze, saidAt } : freeze)),
    events: [...over.map((freeze) => endedEvent(freeze, ended)), ...overdue.map(overdueEvent)],
  };
}
