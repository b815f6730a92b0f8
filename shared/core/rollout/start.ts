import { startOver } from './arrive.ts';
import { type Outcome, type Request, apply, refuse } from './by-person.ts';
import { isAhead } from './fleet.ts';
import { type Arrival, type Releases, amend } from './record.ts';
import { isMoving } from './moving.ts';

/** What a person starts. */
export interface Started {
  /** Verified. */
  readonly arrival: Omit<Arrival, 'by'>;
  /** What the tag names meanwhile, where that is another digest. */
  readonly passedOver?: string;
  /** The tag and version of that, where versions are followed. */
  readonly releases?: Releases;
}

/**
 * Begins the roll-out of a digest from the first stage, in place of what the record has. It is for what the fleet does
 * not have: the same digest is tried again, and a rejected one too, by `retry` alone. What the tag names beside it
 * comes no more by itself, until the tag moves.
 *
 * @example
 * start({ record, actor, strategy, now }, { arrival })
 */
export function start(request: Request, { arrival, passedOver, releases }: Started): Outcome {
  const { record, strategy, now } = request;
  const { status, digest, rejected, resolvedAt } = record;
  if (rejected.includes(arrival.digest)) return refuse('rejected');
  if (arrival.digest === digest) return refuse('same');
  if (status === 'paused' || status === 'rolling-back') return refuse('not-now');
  if (isMoving(record) && strategy.onNewer === 'queue') return refuse('queues');
  const isOld = Date.parse(arrival.resolvedAt) < Date.parse(resolvedAt);
  if (isOld && !isAhead(resolvedAt, now)) return refuse('older');
  const brought = { ...arrival, by: request.actor.by };
  const { record: begun, notices } = startOver(record, strategy, brought, now);
  const known = { ...begun.releases, ...releases };
  const started = { ...request, record: amend(begun, { passedOver, releases: known }) };
  const change = apply(started, `start ${arrival.digest}`, 'started', {});
  const { version } = change.record;
  const ended = notices.filter(({ type }) => type !== 'started');
  return { ...change, notices: [...ended.map((one) => ({ ...one, version })), ...change.notices] };
}
