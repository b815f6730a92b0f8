import { CountersignError } from '#shared/core/errors.ts';
import { NO_GOOGLE_TOKEN } from '#shared/core/google-host.ts';
import type { Authorization } from './connection.ts';
import type { GoogleApis } from './google-apis.ts';

export interface GoogleIdentity {
  readonly apis: GoogleApis;
  /** An access token of our own identity that is valid now; asked for before each attempt, so it is to remember it. */
  readonly googleToken: () => Promise<string>;
}

/** Our identity, for that URL and no other. Throws `fleet-unavailable`; `bad-config` where no token may go. */
export async function authorizeGoogle(
  url: URL,
  { apis, googleToken }: GoogleIdentity,
): Promise<Authorization> {
  if (!apis.trusts(url)) {
    throw new CountersignError('bad-config', `A Google token is not sent to ${url.origin}`);
  }
  try {
    return { headers: { Authorization: `Bearer ${await googleToken()}` } };
  } catch (cause) {
    throw new CountersignError('fleet-unavailable', NO_GOOGLE_TOKEN, { cause });
  }
}
