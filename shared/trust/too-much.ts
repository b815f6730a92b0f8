import { CountersignError } from '#shared/core/errors.ts';

import { type Refusal, refuse } from './candidate.ts';

/** Too much is the pusher's doing and refuses a candidate; any other failure is "could not check" and goes on. */
export async function refuseTooMuch<T>(
  fetched: Promise<T>,
  reason: 'too-large' | 'too-many',
  what: string,
): Promise<T | Refusal> {
  try {
    return await fetched;
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'too-large') {
      return refuse(reason, `${what}: more than is read`);
    }
    throw error;
  }
}
