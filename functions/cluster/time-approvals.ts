import type { Meter } from '#shared/core/metrics.ts';
import { PUSHED_AT, type Task } from '#shared/core/task.ts';
import type { Message } from '#shared/http/envelope.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';

export interface TimeDeps extends Pick<ReconcileDeps, 'publish' | 'now'> {
  readonly meter: Meter;
}

/** The task's `publish`, that measures how long after its push each RSync was approved. */
export function timeApprovals(
  { reason }: Pick<Task, 'reason'>,
  { attributes, publishTime }: Pick<Message, 'attributes' | 'publishTime'>,
  { publish, now, meter }: TimeDeps,
): ReconcileDeps['publish'] {
  if (reason !== 'push' && reason !== 'signature') return publish;
  const told = new Date(attributes[PUSHED_AT] ?? Number.NaN);
  // Where attributes do not arrive, the task's own publication is the nearest that is known.
  const pushedAt = Number.isNaN(told.getTime()) ? publishTime : told;
  return async function publishTimed(event) {
    await publish(event);
    if (event.type !== 'sync.approved') return;
    meter.record('push_to_approved', secondsSince(pushedAt, now()), { reason });
  };
}
