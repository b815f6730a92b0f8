import { CountersignError, toFailure } from '#shared/core/errors.ts';

/** How google-auth-library begins where it finds none. */
const NO_CREDENTIALS = 'Could not load the default credentials';

/**
 * The failure in what a library threw where nothing waits for it, as Google's clients do with what their authentication
 * throws.
 *
 * @example
 * process.on('unhandledRejection', (error) => printFailure(terminal, failureOfLost(error)));
 */
export function failureOfLost(error: unknown): CountersignError {
  if (!(error instanceof Error) || !error.message.startsWith(NO_CREDENTIALS)) {
    return toFailure(error);
  }
  const message =
    'This machine has no credentials of Google: run "gcloud auth application-default login", or set PUBSUB_EMULATOR_HOST to ask an emulator, as that of the local world';
  return new CountersignError('unauthenticated', message, { cause: error });
}
