import { CountersignError } from '#shared/core/errors.ts';

/** What `work` gives, unless it takes longer. Throws `deadline-exceeded`; the work goes on, and its end is ignored. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new CountersignError('deadline-exceeded', `No answer within ${milliseconds / 1000} s`));
  }, milliseconds);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
