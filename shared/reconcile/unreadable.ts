import { CountersignError, toFailure } from '#shared/core/errors.ts';

/**
 * What a failed read of the records becomes: `records-unavailable`, with what is not known without it.
 *
 * @example
 * const found = await freezes.read().catch(unreadable('What people have frozen'));
 */
export function unreadable(what: string): (error: unknown) => never {
  return (error) => {
    const cause = toFailure(error);
    throw new CountersignError('records-unavailable', `${what} cannot be read: ${cause.message}`, {
      cause,
    });
  };
}
