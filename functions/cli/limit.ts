import { CountersignError } from '#shared/core/errors.ts';
import { within } from '#shared/net/within.ts';

/** What `work` gives. Throws `deadline-exceeded` after so many milliseconds, with what was not done. */
export function limit<T>(milliseconds: number, late: string, work: () => Promise<T>): Promise<T> {
  return within(milliseconds, work, () => {
    const message = `${late} within ${milliseconds / 1_000} s: try again`;
    throw new CountersignError('deadline-exceeded', message);
  });
}
