import { CountersignError } from '#shared/core/errors.ts';
import type { Api } from '../api/call-api.ts';
import { readFleet, readRollouts } from '../api/pages.ts';

/** Fewer hex digits say too little, and could be a word. */
const SHORT = /^(?:sha256:)?([0-9a-f]{6,63})$/i;

/** Whether a text is a digest that is cut short. */
export function isShort(text: string): boolean {
  return SHORT.test(text);
}

/**
 * A digest that is written whole, of one that is shortened: the only one that begins so among those that the fleet runs or
 * is to run of the image, and those of its roll-out. What is no shortened digest is given back. Throws `bad-request`.
 */
export async function expandDigest(
  text: string,
  repository: string,
  api: Pick<Api, 'get'>,
): Promise<string> {
  const [, hex] = SHORT.exec(text) ?? [];
  if (hex === undefined) return text;
  const begin = `sha256:${hex.toLowerCase()}`;
  const [{ syncs }, { rollouts }] = await Promise.all([
    readFleet(api, { image: repository }),
    readRollouts(api, { image: repository }),
  ]);
  const known = [
    ...syncs.flatMap((one) => [one.digest, one.registryDigest, one.liveDigest]),
    ...rollouts.map(({ digest }) => digest),
  ];
  const found = new Set(known.filter((digest) => digest?.startsWith(begin)));
  const [only, ...more] = [...found].flatMap((digest) => digest ?? []);
  if (only !== undefined && more.length === 0) return only;
  const message =
    only === undefined
      ? `No digest of ${repository} that is known begins with ${begin}: write all of it`
      : `Several digests of ${repository} begin with ${begin}: write more of it: ${[only, ...more].join(', ')}`;
  throw new CountersignError('bad-request', message);
}
