/** Why a cluster is looked at. The reason is a note for people: the work is the same. */
export const TASK_REASONS = ['push', 'signature', 'sweep', 'resync'] as const;

export type TaskReason = (typeof TASK_REASONS)[number];

/** One message on a tasks topic: names a cluster of the fleet, nothing to be believed. */
export interface Task {
  readonly cluster: string;
  readonly reason: TaskReason;
  /** The repository, or full reference, whose push started this. */
  readonly image?: string;
  /** With `image`: a digest that is to be approved before its tag moves to it, if it verifies. */
  readonly digest?: string;
  /** Who asked, for a resync. */
  readonly actor?: string;
  /** The notification's message id, the sweep's or the resync's id: what one cause's tasks have in common. */
  readonly id?: string;
}

/** The attribute of a task's message that says when its notification was published, ISO 8601: for measurement only. */
export const PUSHED_AT = 'pushedAt';
