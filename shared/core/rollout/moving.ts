import type { RolloutRecord, RolloutState } from './record.ts';

/** States in which automation goes on by itself. */
const MOVING: readonly RolloutState[] = [
  'rolling',
  'soaking',
  'awaiting-approval',
  'awaiting-window',
];

/**
 * Whether the roll-out of a digest is on its way: neither ended nor stopped, and no way back.
 *
 * @example
 * isMoving({ status: 'soaking' }) // true
 */
export function isMoving({ status }: Pick<RolloutRecord, 'status'>): boolean {
  return MOVING.includes(status);
}

/**
 * Whether nothing goes on, and no person has to act.
 *
 * @example
 * hasEnded({ status: 'completed' }) // true
 */
export function hasEnded({ status }: Pick<RolloutRecord, 'status'>): boolean {
  return ENDED.includes(status);
}

const ENDED: readonly RolloutState[] = ['completed', 'rolled-back', 'retired'];

/**
 * Whether `advance` has nothing to do whatever the fleet is: only an arrival, a person or the config changes it.
 *
 * @example
 * if (isAtRest(record)) return;
 */
export function isAtRest({ status, cause, next }: RolloutRecord): boolean {
  if (isMoving({ status }) || status === 'rolling-back') return false;
  if (status === 'paused') return cause !== 'record-lost';
  return status === 'retired' || next === undefined;
}
