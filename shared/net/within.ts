import { CountersignError } from '#shared/core/errors.ts';

/** Twenty-four days: Node takes a longer timer for one that is over. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * What `work` gives, or, after so many milliseconds, what `late` gives or throws. The signal then asks the work to
 * begin nothing more; its reason is what `late` threw. What is under way ends by its own deadlines, and its failure is
 * dropped. No timer is left behind, however the race ends.
 *
 * @example
 * const answer = await within(2_000, () => look(image), () => 'late' as const);
 */
export async function within<T, Late>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  late: () => Late,
): Promise<T | Late> {
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<Late>();
  const lateMs = Math.min(milliseconds, LONGEST_TIMER_MS);
  const timer = setTimeout(() => {
    // The race is decided before the work hears of it: what it throws then is not the answer.
    try {
      resolve(late());
      controller.abort();
    } catch (error) {
      reject(error);
      controller.abort(error);
    }
  }, lateMs);
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `within` for work that fails when it is late: throws `deadline-exceeded`, "`what` took longer than 2000 ms".
 *
 * @example
 * await withDeadline(15_000, 'Looking at its image', (signal) => judge(rsync, signal));
 */
export function withDeadline<T>(
  milliseconds: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(milliseconds, work, () => {
    const message = `${what} took longer than ${milliseconds} ms`;
    throw new CountersignError('deadline-exceeded', message);
  });
}
