import type { Meter } from '#shared/core/metrics.ts';
import { noMeter } from '#shared/core/metrics.ts';
import type { Task } from '#shared/core/task.ts';
import { noTracing } from '#shared/core/tracing.ts';
import type { Message } from '#shared/http/envelope.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { approveDigestAhead } from '#shared/reconcile/approve-digest-ahead.ts';
import { type ReconcileResult, reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';
import { timeApprovals } from './time-approvals.ts';
import { parseTask } from './schema.ts';

export interface TaskDeps extends ReconcileDeps {
  readonly meter?: Meter;
}

/**
 * One task: reconciles the cluster it names, one reconcile of a cluster at a time, where Pub/Sub's ordering does not
 * see to it.
 */
export async function handleTask(message: Message, given: TaskDeps): Promise<void> {
  const task = parseTask(message.data);
  const { cluster, reason } = task;
  const { tracing = noTracing, meter = noMeter, now } = given;
  const deps = { ...given, publish: timeApprovals(task, message, { ...given, meter }) };
  const startedAt = now();
  const attributes = { 'countersign.cluster': cluster, 'countersign.reason': reason };
  await tracing.span('cluster task', { attributes }, async (span) => {
    let status: ReconcileResult['status'] | 'failed' = 'failed';
    try {
      ({ status } = await runTask(task, message.publishTime, deps));
    } finally {
      span.set({ 'countersign.status': status });
      meter.record('task_duration', secondsSince(startedAt, now()), { reason, status });
    }
  });
}

async function runTask(
  task: Task,
  publishTime: Date,
  deps: ReconcileDeps,
): Promise<ReconcileResult> {
  const { cluster, reason, id, image, digest } = task;
  const result = await deps.serial(`cluster ${cluster}`, () =>
    reconcileCluster(task, publishTime, deps),
  );
  if (reason !== 'resync' || image === undefined || digest === undefined) {
    deps.log.info({ cluster, reason, id, ...result }, 'Task done');
    return result;
  }
  const ahead = await deps.serial(`cluster ${cluster}`, () =>
    approveDigestAhead({ ...task, image, digest }, deps),
  );
  deps.log.info({ cluster, reason, id, digest, ...result, ahead }, 'Task done');
  return result;
}
