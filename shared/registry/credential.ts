import { CountersignError } from '#shared/core/errors.ts';
import { type AskHelper, credentialsFor } from './docker-config.ts';
import type { HostAccess } from './host-access.ts';

export interface CredentialSources {
  /** An OAuth access token of Countersign's identity. */
  readonly googleToken: () => Promise<string>;
  /** The text of a Docker `config.json`, read anew each time: mounted secrets rotate. */
  readonly dockerConfig?: () => Promise<string>;
  /** Asks a credential helper that the Docker config names. Absent: none is run. */
  readonly askHelper?: AskHelper;
}

/** `Bearer <token>` for Google's hosts and hosts configured as such; never over plain http. */
export async function googleAuthorization(
  access: HostAccess,
  { googleToken }: CredentialSources,
): Promise<string> {
  if (access.scheme !== 'https') {
    throw badConfig(
      `Registry ${access.host} has auth "google" and plainHttp: a Google token is not sent unencrypted`,
    );
  }
  try {
    return `Bearer ${await googleToken()}`;
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('registry-unavailable', 'Cannot get a Google access token', {
      cause,
    });
  }
}

/** `Basic …` for a repository whose host has auth `dockerConfig` and which the file knows; undefined: ask anonymously. */
export async function basicAuthorization(
  { host, auth }: HostAccess,
  path: string,
  { dockerConfig, askHelper = refuseHelper }: CredentialSources,
): Promise<string | undefined> {
  if (auth !== 'dockerConfig') return undefined;
  if (dockerConfig === undefined) {
    throw badConfig(`Registry ${host} has auth "dockerConfig", but there is no Docker config`);
  }
  const text = await dockerConfig().catch((cause: unknown) => {
    throw badConfig('Docker config cannot be read', cause);
  });
  const credentials = await credentialsFor({ host, path }, text, askHelper);
  if (credentials === undefined) return undefined;
  const pair = `${credentials.username}:${credentials.password}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

const refuseHelper: AskHelper = (name, server) => {
  throw badConfig(
    `Docker config leaves ${server} to the credential helper ${name}, which is not run here: write its user name and password to "auths"`,
  );
};

function badConfig(message: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', message, { cause });
}
