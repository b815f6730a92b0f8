import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';

export interface Credentials {
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
 * read: a credential helper is a program we do not run. Throws `bad-config`, never showing what the file holds.
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
  try {
    return configSchema.parse(JSON.parse(text));
  } catch {
    // The parser's message may quote the file, hence no cause.
    throw new CountersignError('bad-config', 'Docker config is not JSON of the expected form');
  }
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
