import { CountersignError } from '#shared/core/errors.ts';

/**
 * What `work` answers, or `deadline-exceeded` after `timeoutMs`: a registry that drips keeps nobody waiting. The
 * signal tells the work to begin nothing more; what is under way ends by its own timeouts.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `${what} took longer than ${timeoutMs} ms`;
    const error = new CountersignError('deadline-exceeded', message);
    controller.abort(error);
    reject(error);
  }, timeoutMs);
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}
