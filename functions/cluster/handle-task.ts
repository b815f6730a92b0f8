import type { Message } from '#shared/edge/envelope.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { approveDigestAhead } from '#shared/reconcile/approve-digest-ahead.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { parseTask } from './schema.ts';

/**
 * One task: reconciles the cluster it names, one reconcile of a cluster at a time, where Pub/Sub's ordering does not
 * see to it.
 */
export async function handleTask(message: Message, deps: ReconcileDeps): Promise<void> {
  const task = parseTask(message.data);
  const { cluster, reason, id } = task;
  const result = await deps.serial(`cluster ${cluster}`, () =>
    reconcileCluster(task, message.publishTime, deps),
  );
  const { image, digest } = task;
  if (reason !== 'resync' || image === undefined || digest === undefined) {
    deps.log.info({ cluster, reason, id, ...result }, 'Task done');
    return;
  }
  const ahead = await deps.serial(`cluster ${cluster}`, () =>
    approveDigestAhead({ ...task, image, digest }, deps),
  );
  deps.log.info({ cluster, reason, id, digest, ...result, ahead }, 'Task done');
}
