import { CountersignError } from '#shared/core/errors.ts';
import { within as race } from '#shared/net/within.ts';

/** What `work` gives, unless it takes longer. Throws `deadline-exceeded`; the work goes on, and its end is ignored. */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return race(
    milliseconds,
    () => work,
    () => {
      throw new CountersignError('deadline-exceeded', `No answer within ${milliseconds / 1000} s`);
    },
  );
}
