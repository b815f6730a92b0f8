import { CountersignError } from '#shared/core/errors.ts';
import { credentialsFor } from './docker-config.ts';
import type { HostAccess } from './host-access.ts';

export interface CredentialSources {
  /** An OAuth access token of our identity. */
  readonly googleToken: () => Promise<string>;
  /** The text of a Docker `config.json`, read anew each time: mounted secrets rotate. */
  readonly dockerConfig?: () => Promise<string>;
}

/** `Bearer <token>` for Google's hosts and hosts configured as such; never over plain http. */
export async function googleAuthorization(
  access: HostAccess,
  { googleToken }: CredentialSources,
): Promise<string> {
  if (access.scheme !== 'https') {
    throw new CountersignError(
      'bad-config',
      `Registry ${access.host} has auth "google" and plainHttp: a Google token is not sent unencrypted`,
    );
  }
  try {
    return `Bearer ${await googleToken()}`;
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('registry-unavailable', 'Cannot get a Google access token', {
      cause: error,
    });
  }
}

/** `Basic …` for a host whose auth is `dockerConfig` and which the file knows; undefined: ask anonymously. */
export async function basicAuthorization(
  access: HostAccess,
  { dockerConfig }: CredentialSources,
): Promise<string | undefined> {
  if (access.auth !== 'dockerConfig') return undefined;
  if (dockerConfig === undefined) {
    throw new CountersignError(
      'bad-config',
      `Registry ${access.host} has auth "dockerConfig", but there is no Docker config`,
    );
  }
  const text = await dockerConfig().catch((cause: unknown) => {
    throw new CountersignError('bad-config', 'Docker config cannot be read', { cause });
  });
  const credentials = credentialsFor(access.host, text);
  if (credentials === undefined) return undefined;
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8');
  return `Basic ${pair.toString('base64')}`;
}
