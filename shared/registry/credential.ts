import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';
import type { HostAccess } from './host-access.ts';

export interface CredentialSources {
  /** An OAuth access token of Countersign's identity. */
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

/** `Basic …` for a host whose auth is `dockerConfig` and which the file knows; undefined: ask anonymously. */
export async function basicAuthorization(
  { host, auth }: HostAccess,
  { dockerConfig }: CredentialSources,
): Promise<string | undefined> {
  if (auth !== 'dockerConfig') return undefined;
  if (dockerConfig === undefined) {
    throw badConfig(`Registry ${host} has auth "dockerConfig", but there is no Docker config`);
  }
  const text = await dockerConfig().catch((cause: unknown) => {
    throw badConfig('Docker config cannot be read', cause);
  });
  const credentials = credentialsFor(host, text);
  if (credentials === undefined) return undefined;
  const pair = `${credentials.username}:${credentials.password}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

const configSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

const DOCKER_HUB: readonly string[] = ['docker.io', 'registry-1.docker.io'];

/**
 * The credentials for `host` in the text of a `~/.docker/config.json`; undefined when it names none. Only `auths` is
 * read: a credential helper is a program, and is not run. Throws `bad-config`, never showing what the file holds.
 */
export function credentialsFor(
  host: string,
  text: string,
): { readonly username: string; readonly password: string } | undefined {
  const { data: config } = configSchema.safeParse(parseJson(text));
  // The parser's message may quote the file, hence no cause.
  if (config === undefined) throw badConfig('Docker config is not JSON of the expected form');
  const [, entry = {}] =
    Object.entries(config.auths ?? {}).find(([key]) => hostOf(key) === host) ?? [];
  const { auth, username, password, identitytoken } = entry;
  if (identitytoken) {
    throw badConfig(
      `Docker config has an identity token for ${host}: only user name and password are supported`,
    );
  }
  if (username !== undefined && password !== undefined) return { username, password };
  if (auth) {
    const pair = Buffer.from(auth, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon > 0) return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
    throw badConfig(`Docker config has an "auth" for ${host} that is not base64 of user:password`);
  }
  const helper = config.credHelpers?.[host] ?? config.credsStore;
  if (helper === undefined) return undefined;
  throw badConfig(
    `Docker config leaves ${host} to the credential helper ${JSON.stringify(helper)}, which is not run: write its user name and password to "auths"`,
  );
}

/** Keys are hosts, or URLs such as Docker Hub's `https://index.docker.io/v1/`. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return DOCKER_HUB.includes(host) ? 'index.docker.io' : host;
}

function badConfig(message: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', message, { cause });
}
