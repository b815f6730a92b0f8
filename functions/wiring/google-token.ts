import { CountersignError } from '#shared/core/errors.ts';
import { NO_GOOGLE_TOKEN } from '#shared/core/google-host.ts';

/** Access tokens of our own identity; the library keeps one until shortly before it expires. */
export function openGoogleToken(): () => Promise<string> {
  const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined;
  return async () => {
    auth ??= import('google-auth-library').then(({ GoogleAuth }) => new GoogleAuth({ scopes }));
    const token = await (await auth).getAccessToken();
    if (typeof token === 'string' && token !== '') return token;
    throw new CountersignError('registry-unavailable', NO_GOOGLE_TOKEN);
  };
}
