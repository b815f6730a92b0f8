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

interface Credentials {
  readonly username: string;
  readonly password: string;
}

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configSchema = z.object({
  auths: z.record(z.string(), entrySchema).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

const DOCKER_HUB: readonly string[] = ['docker.io', 'registry-1.docker.io'];

/**
 * The credentials for `host` in the text of a `~/.docker/config.json`; undefined when it names none. Only `auths` is
 * read: a credential helper is a program, and is not run. Throws `bad-config`, never showing what the file holds.
 */
export function credentialsFor(host: string, text: string): Credentials | undefined {
  const config = parse(text);
  const entry = Object.entries(config.auths ?? {}).find(([key]) => hostOf(key) === host)?.[1];
  const helper = config.credHelpers?.[host] ?? config.credsStore;
  if (entry?.identitytoken) {
    throw new CountersignError(
      'bad-config',
      `Docker config has an identity token for ${host}: only user name and password are supported`,
    );
  }
  if (entry?.username !== undefined && entry.password !== undefined) {
    return { username: entry.username, password: entry.password };
  }
  if (entry?.auth) return decode(host, entry.auth);
  if (helper === undefined) return undefined;
  throw new CountersignError(
    'bad-config',
    `Docker config leaves ${host} to the credential helper ${JSON.stringify(helper)}, which is not run: write its user name and password to "auths"`,
  );
}

function parse(text: string): z.infer<typeof configSchema> {
  const { data } = configSchema.safeParse(parseJson(text));
  if (data !== undefined) return data;
  // The parser's message may quote the file, hence no cause.
  throw new CountersignError('bad-config', 'Docker config is not JSON of the expected form');
}

function decode(host: string, auth: string): Credentials {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  throw new CountersignError(
    'bad-config',
    `Docker config has an "auth" for ${host} that is not base64 of user:password`,
  );
}

/** Keys are hosts, or URLs such as Docker Hub's `https://index.docker.io/v1/`. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return DOCKER_HUB.includes(host) ? 'index.docker.io' : host;
}
