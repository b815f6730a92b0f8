import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CountersignError } from '#shared/core/errors.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { Registry, TagLister } from '#shared/registry/registry.ts';
import type { Base } from './base.ts';

/** The registry past every cache, for tags, and the one that remembers what digests name. */
export interface Registries {
  readonly plain: Registry & TagLister;
  readonly cached: Registry;
}

/** The registries that the config allows. */
export function openRegistries({ config: { registries }, now }: Base): Registries {
  const plain = createRegistry({
    fetch,
    registries,
    now,
    googleToken: openGoogleToken(),
    dockerConfig: () => readFile(join(homedir(), '.docker', 'config.json'), 'utf8'),
    resolveHost: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  });
  return { plain, cached: createCachedRegistry(plain) };
}

/** Access tokens of our own identity; the library keeps one until shortly before it expires. */
function openGoogleToken(): () => Promise<string> {
  const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined;
  return async () => {
    auth ??= import('google-auth-library').then(({ GoogleAuth }) => new GoogleAuth({ scopes }));
    const token = await (await auth).getAccessToken();
    if (typeof token === 'string' && token !== '') return token;
    throw new CountersignError('registry-unavailable', 'Google gave no access token');
  };
}
