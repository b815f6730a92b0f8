import { CountersignError } from '#shared/core/errors.ts';
import { NO_GOOGLE_TOKEN } from '#shared/core/google-host.ts';
import { within } from '#shared/net/within.ts';

/**
 * What access tokens are good for. The second is for clusters: GKE names a service account by the number of its unique
 * id where the token does not carry the e-mail (github.com/kubernetes/kubernetes/pull/58141), and all RBAC here is by
 * e-mail.
 */
const SCOPES = [
  'https://www.googleapis.com/auth/cloud-platform',
  'https://www.googleapis.com/auth/userinfo.email',
];

/** Longer than the metadata server takes, or an exchange of tokens; the library itself waits for minutes. */
const TOKEN_MS = 15_000;

/**
 * Access tokens of our own identity; the library keeps one until shortly before it expires.
 *
 * @example
 * const googleToken = openGoogleToken();
 * const authorization = `Bearer ${await googleToken()}`;
 */
export function openGoogleToken(): () => Promise<string> {
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined;
  return async () => {
    auth ??= import('google-auth-library').then(
      ({ GoogleAuth }) => new GoogleAuth({ scopes: SCOPES }),
    );
    const client = await auth;
    const token = await within(
      TOKEN_MS,
      () => client.getAccessToken(),
      () => undefined,
    );
    if (typeof token === 'string' && token !== '') return token;
    throw new CountersignError('registry-unavailable', NO_GOOGLE_TOKEN);
  };
}

/**
 * An ID token of the Application Default Credentials for an audience. Throws where they are a person's, who has none, or
 * where there are none.
 */
export async function readIdToken(audience: string): Promise<string> {
  const { GoogleAuth } = await import('google-auth-library');
  const client = await new GoogleAuth().getIdTokenClient(audience);
  return client.idTokenProvider.fetchIdToken(audience);
}
