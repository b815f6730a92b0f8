import { CountersignError } from '#shared/core/errors.ts';
import type { Api } from '../api/call-api.ts';
import { readRollout } from '../rollout/rollouts.ts';
import { expandDigest, isShort } from './expand-digest.ts';
import { readPhase } from './read-phase.ts';
import { readSync } from './read-sync.ts';

/** What a verb was given, by name of its arguments and options. */
export type Written = Readonly<Record<string, unknown>>;

/**
 * What names mean, wherever a verb takes them: those of RSyncs, phases and images. Without an API, digests that are cut
 * short stay so. Throws `bad-request`.
 */
export async function readNames(
  written: Written,
  api: Pick<Api, 'get'> | undefined,
): Promise<Written> {
  const read: Record<string, unknown> = { ...written };
  for (const [name, reader] of Object.entries(READERS)) {
    const text = written[name];
    if (typeof text === 'string') read[name] = reader(text);
  }
  return api === undefined ? read : { ...read, ...(await readDigests(read, api)) };
}

async function readDigests(
  { image, digest, to, id }: Written,
  api: Pick<Api, 'get'>,
): Promise<Written> {
  const [name = '', own] = typeof image === 'string' ? split(image) : [];
  const expand = (text: string): Promise<string> => expandDigest(text, repositoryOf(name), api);
  const found: Record<string, string> = {};
  if (own !== undefined) found['image'] = `${name}@${await expand(own)}`;
  if (typeof digest === 'string' && name !== '') found['digest'] = await expand(digest);
  if (typeof to === 'string' && typeof id === 'string' && isShort(to)) {
    const rollout = await readRollout(api, id);
    found['to'] = await expandDigest(to, repositoryOf(rollout.image), api);
  }
  return found;
}

function repositoryOf(name: string): string {
  return name.replace(/:[^/:]*$/, '');
}

const READERS: Readonly<Record<string, (text: string) => string>> = {
  sync: readSync,
  phase: readPhase,
  image: readImage,
  status: (text) => text.toLowerCase(),
};

/** Config Sync and Helm write the scheme, registries and cosign do not. */
function readImage(text: string): string {
  const image = text.replace(/^oci:\/\//, '');
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(image) ?? [];
  if (scheme === undefined) return image;
  const message = `${text} is not an image: write it without ${scheme}://, as HOST/PATH:TAG`;
  throw new CountersignError('bad-request', message);
}

function split(image: string): readonly [string, string?] {
  const at = image.indexOf('@');
  return at < 0 ? [image] : [image.slice(0, at), image.slice(at + 1)];
}
