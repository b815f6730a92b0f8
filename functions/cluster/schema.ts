import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { TASK_REASONS, type Task } from '#shared/core/task.ts';

/** Longest full membership name with room to spare; the fleet is asked for exactly this name, or there is no task. */
const MAX_NAME = 512;

// A task is not believed (DESIGN section 2, law 7): unknown keys are left for later versions.
const TaskMessage = z.object({
  cluster: z.string().min(1).max(MAX_NAME),
  reason: z.enum(TASK_REASONS),
  image: z.string().max(MAX_NAME).optional(),
  digest: z.string().max(MAX_NAME).optional(),
  actor: z.string().max(MAX_NAME).optional(),
  id: z.string().max(MAX_NAME).optional(),
});

/** Reads the data of a message on a tasks topic. Throws `bad-request` naming the field. */
export function parseTask(data: Uint8Array): Task {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw new CountersignError('bad-request', 'Task is not JSON', { cause });
  }
  const { data: task, error } = TaskMessage.safeParse(value);
  if (error) {
    const [issue] = error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new CountersignError('bad-request', `Task has a bad field "${field}": ${issue?.message}`);
  }
  const { cluster, reason, image, digest, actor, id } = task;
  return {
    cluster,
    reason,
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    ...(actor === undefined ? {} : { actor }),
    ...(id === undefined ? {} : { id }),
  };
}
