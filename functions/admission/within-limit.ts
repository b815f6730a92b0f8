import { CountersignError } from '#shared/core/errors.ts';

/** What `work` gives. Throws `deadline-exceeded` where it takes longer; it then goes on, and nobody waits for it. */
export async function withinLimit<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new CountersignError('deadline-exceeded', `No answer within ${milliseconds} ms`));
  }, milliseconds);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
