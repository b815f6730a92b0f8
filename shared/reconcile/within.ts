import { TimeoutStrategy, isTaskCancelledError, timeout } from 'cockatiel';
import { CountersignError } from '#shared/core/errors.ts';

/**
 * What `work` gives, or `deadline-exceeded` after so many milliseconds: the work goes on by its own deadlines, and
 * nothing waits for it.
 */
export async function within<Result>(
  milliseconds: number,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await timeout(milliseconds, TimeoutStrategy.Aggressive).execute(work);
  } catch (error) {
    if (!isTaskCancelledError(error)) throw error;
    throw new CountersignError('deadline-exceeded', `${what} took longer than ${milliseconds} ms`);
  }
}
