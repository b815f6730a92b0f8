import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '#shared/config/config.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import type { BlobSource, Registry, TagLister } from '#shared/registry/registry.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/** The registry past every cache, for tags, and the one that remembers what digests name. */
export interface Registries {
  readonly plain: Registry & TagLister & BlobSource;
  readonly cached: Registry & BlobSource;
}

/** As much of `Base` as registries need. */
export interface RegistriesBase {
  readonly config: Pick<Config, 'registries'>;
  readonly now: Base['now'];
}

/**
 * The registries that the config allows.
 *
 * @example
 * const { plain, cached } = openRegistries(base);
 */
export function openRegistries(
  { config: { registries }, now }: RegistriesBase,
  limits: Partial<RegistryLimits> = {},
): Registries {
  const plain = createRegistry({
    fetch,
    registries,
    now,
    limits,
    googleToken: openGoogleToken(),
    dockerConfig: () => readFile(join(homedir(), '.docker', 'config.json'), 'utf8'),
    resolveHost: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  });
  return { plain, cached: createCachedRegistry(plain) };
}
