import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '#shared/config/config.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { Variables } from '#shared/net/environment.ts';
import { entryFor, readDockerConfig } from '#shared/registry/docker-config.ts';

/**
 * Which part of the Docker config serves each entry of `images` whose registry has `auth: dockerConfig`, for people. None
 * where there is no such file here: it is where the functions run.
 */
export async function credentialNotes(config: Config, env: Variables): Promise<readonly string[]> {
  const hosts = new Set(
    config.registries.filter(({ auth }) => auth === 'dockerConfig').map(({ host }) => host),
  );
  const asked = config.images.filter(({ match }) => hosts.has(placeOf(match).host));
  if (asked.length === 0) return [];
  const path = join(env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return [`${path} is not here: credentials of registries are not checked`];
  return asked.map(({ match }) => `${match} is asked ${howAsked(match, text)}`);
}

function howAsked(match: string, text: string): string {
  try {
    const entry = entryFor(placeOf(match), readDockerConfig(text));
    if (entry === undefined) return 'without credentials: the Docker config has none for it';
    return entry.from === 'auths'
      ? `with the entry ${JSON.stringify(entry.key)} of the Docker config`
      : `with what docker-credential-${entry.helper} gives for ${entry.server} (${entry.from})`;
  } catch (error) {
    return `with nothing: ${toFailure(error).message}`;
  }
}

/** The host of a glob, and its path as far as that is spelled out. */
function placeOf(match: string): { readonly host: string; readonly path: string } {
  const [host = '', ...segments] = match.split('/');
  const globbed = segments.findIndex((segment) => segment.includes('*'));
  return { host, path: segments.slice(0, globbed < 0 ? undefined : globbed).join('/') };
}
