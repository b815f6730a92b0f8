import { type LineMeter, type Meter, noMeter } from '#shared/telemetry/metrics.ts';
import * as z from 'zod';
import { PUSHED_AT, TASK_REASONS, type Task } from '#shared/core/task.ts';
import { noTracing } from '#shared/core/tracing.ts';
import type { Message } from '#shared/http/envelope.ts';
import { checkShape, parseJson } from '#shared/http/read-json.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { approveDigestAhead } from '#shared/reconcile/approve-digest-ahead.ts';
import { type ReconcileResult, reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';

export interface TaskDeps extends ReconcileDeps {
  readonly meter?: LineMeter;
}

/** One task: reconciles the cluster it names, one reconcile of a cluster at a time, whatever Pub/Sub orders. */
export async function handleTask(message: Message, given: TaskDeps): Promise<void> {
  const task = parseTask(message.data);
  const { cluster, reason } = task;
  const { tracing = noTracing, meter = noMeter, now } = given;
  const deps = { ...given, publish: timeApprovals(task, message, { ...given, meter }) };
  const startedAt = now();
  const attributes = { 'countersign.cluster': cluster, 'countersign.reason': reason };
  await tracing.span('cluster task', { attributes }, async (span) => {
    let done: TaskResult | undefined;
    try {
      done = await runTask(task, message.publishTime, deps);
    } finally {
      const { status = 'failed' } = done ?? {};
      span.set({ 'countersign.status': status });
      meter.record('task_duration', secondsSince(startedAt, now()), { reason, status });
    }
    deps.log.info({ cluster, reason, id: task.id, ...done, ...meter.ride() }, 'Task done');
  });
}

type TaskResult = ReconcileResult & Partial<Ahead>;

/** Of a digest that was approved before its tag names it. */
interface Ahead {
  readonly digest: string;
  readonly ahead: Awaited<ReturnType<typeof approveDigestAhead>>;
}

async function runTask(task: Task, publishTime: Date, deps: TaskDeps): Promise<TaskResult> {
  const { cluster, reason, image, digest } = task;
  const result = await deps.serial(`cluster ${cluster}`, () =>
    reconcileCluster(task, publishTime, deps),
  );
  if (reason !== 'resync' || image === undefined || digest === undefined) return result;
  const ahead = await deps.serial(`cluster ${cluster}`, () =>
    approveDigestAhead({ ...task, image, digest }, deps),
  );
  return { ...result, digest, ahead };
}

/** The task's `publish`, that measures how long after its push each RSync was approved. */
function timeApprovals(
  { reason }: Pick<Task, 'reason'>,
  { attributes, publishTime }: Pick<Message, 'attributes' | 'publishTime'>,
  { publish, now, meter }: Pick<TaskDeps, 'publish' | 'now'> & { readonly meter: Meter },
): ReconcileDeps['publish'] {
  if (reason !== 'push' && reason !== 'signature') return publish;
  const published = new Date(attributes[PUSHED_AT] ?? Number.NaN);
  // Where attributes do not arrive, the task's own publication is the nearest that is known.
  const pushedAt = Number.isNaN(published.getTime()) ? publishTime : published;
  return async function publishTimed(event) {
    await publish(event);
    if (event.type !== 'sync.approved') return;
    meter.record('push_to_approved', secondsSince(pushedAt, now()), { reason });
  };
}

/** Longest full membership name with room to spare; the fleet is asked for exactly this name, or there is no task. */
const MAX_NAME = 512;
const name = z.string().max(MAX_NAME);

// A task is not believed (law 7): unknown keys are left for later versions.
const TaskMessage = z.object({
  cluster: name.min(1),
  reason: z.enum(TASK_REASONS),
  image: name.exactOptional(),
  digest: name.exactOptional(),
  actor: name.exactOptional(),
  id: name.exactOptional(),
});

/** Reads the data of a message on a tasks topic. Throws `bad-request` naming the field. */
export function parseTask(data: Uint8Array): Task {
  return checkShape(TaskMessage, parseJson(data, 'Task'), 'Task');
}
