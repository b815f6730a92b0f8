import type { CountersignError } from '#shared/core/errors.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterRecord, SyncRow, Unsettled } from '#shared/store/store.ts';
import { MAX_RETRY_MS, RETRY_MS } from './limits.ts';
import { repositoryOf } from './snapshot.ts';

/** The back-off of one that could not be looked at: the next sweep, then doubling, or as the other side asked for. */
export function unsettledAfter(
  failure: CountersignError,
  before: Unsettled | undefined,
  now: Date,
): Unsettled {
  const attempts = (before?.attempts ?? 0) + 1;
  const pauseMs = attempts === 1 ? 0 : Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (attempts - 2));
  const askedMs = Math.min(MAX_RETRY_MS, failure.retryAfterMs ?? 0);
  return {
    since: before?.since ?? now.toISOString(),
    attempts,
    code: failure.code,
    dueAt: new Date(now.getTime() + Math.max(pauseMs, askedMs)).toISOString(),
  };
}

/** Whether its pause is over. */
export function isDue({ dueAt }: Unsettled, now: Date): boolean {
  return Date.parse(dueAt) <= now.getTime();
}

/** Whether a task is about this RSync in its pause: a push of its own image, a resync, or a sweep when it is due. */
export function concerns(task: Pick<Task, 'reason' | 'image'>, row: SyncRow, now: Date): boolean {
  if (row.unsettled === undefined) return true;
  switch (task.reason) {
    case 'resync':
      return true;
    case 'sweep':
      return isDue(row.unsettled, now);
    case 'push':
    case 'signature': {
      const asked = repositoryOf(task);
      return asked === undefined || asked === repositoryOf(row);
    }
  }
}

/** Whether a reconcile that began after the task was published is completed, and looked at all it is about. */
export function isCovered(
  record: ClusterRecord | undefined,
  task: Pick<Task, 'reason' | 'image'>,
  publishedAt: Date,
  now: Date,
): boolean {
  if (record?.reconciledAt === undefined || publishedAt >= new Date(record.reconciledAt)) {
    return false;
  }
  return !record.syncs.some((row) => row.unsettled !== undefined && concerns(task, row, now));
}
