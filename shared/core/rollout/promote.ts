import { defined } from '../defined.ts';
import { type Outcome, type Request, apply, refuse } from './by-person.ts';
import { NO_CAUSE } from './record.ts';
import { isMoving } from './moving.ts';

/** How far a person lets clusters in without waiting. */
export interface Promotion {
  /** The newest stage that is opened; absent: the last. */
  readonly stage?: string;
  /** Trust policies that the digest meets, of those that stages ask for: they are never gone past. */
  readonly signedBy: readonly string[];
  /** Outside of the windows and freezes of the config, too. A person's freeze is not gone past. */
  readonly windows?: true;
  /** What is held as well. */
  readonly held?: true;
}

/**
 * Opens the stages up to one, all of them at once: no soak, no approval and no turn is waited for. What has to be
 * verified stays so, and failures go on to halt it. It is for a roll-out that goes on: a person who paused it, or what
 * halted it, is dealt with first. The stages after it open by the strategy, once these are live.
 *
 * @example
 * promote({ record, actor, strategy, now }, { stage: 'early', signedBy: [] })
 */
export function promote(request: Request, { stage, signedBy, windows, held }: Promotion): Outcome {
  const { record, strategy, now } = request;
  const { stages } = strategy;
  const from = stages.findIndex(({ name }) => name === record.stage);
  if (!isMoving(record) || from < 0) return refuse('not-now');
  if (record.rejected.includes(record.digest)) return refuse('rejected');
  const to =
    stage === undefined ? stages.length - 1 : stages.findIndex(({ name }) => name === stage);
  const target = stages[to];
  if (target === undefined) return refuse('no-such-stage');
  const promoted = defined({ windows, held });
  const isSame = JSON.stringify(promoted) === JSON.stringify(record.promoted);
  if (to < from || (to === from && isSame)) return refuse('open-already');
  const asked = stages.slice(from, to + 1).flatMap((one) => one.signedBy ?? []);
  if (asked.some((policy) => !signedBy.includes(policy))) return refuse('not-signed');
  return apply(request, `promote ${target.name}`, 'promoted', {
    ...NO_CAUSE,
    status: 'rolling',
    stage: target.name,
    openedAt: now.toISOString(),
    cursor: undefined,
    promoted,
  });
}
