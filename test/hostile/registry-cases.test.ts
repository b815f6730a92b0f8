import { describe, expect, it } from 'vitest';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { ASKED, REGISTRY_CASES, type RegistryCase, REPOSITORY } from './registry-cases.ts';

const now = (): Date => new Date('2026-11-22T05:00:00Z');
const BLOB_LIMIT = 1_000_000;

/** Runs one case through the real client; returns the outcome in one word and every host that saw credentials. */
async function run(hostile: RegistryCase) {
  const credentialled: string[] = [];
  let requests = 0;
  const registry = createRegistry({
    async fetch(input, init) {
      requests += 1;
      const url = new URL(input instanceof Request ? input.url : input.toString());
      const authorization = new Headers(init?.headers).get('authorization');
      if (authorization !== null) credentialled.push(url.host);
      return hostile.answer(url, authorization);
    },
    registries: [{ host: 'registry.test', plainHttp: false, auth: 'dockerConfig' }],
    googleToken: async () => 'google-token',
    dockerConfig: async () =>
      JSON.stringify({ auths: { 'registry.test': { username: 'ada', password: 'secret' } } }),
    now,
    resolveHost: async () => ['93.184.216.34'],
    limits: { backoffMs: 0 },
  });
  const repository = hostile.repository ?? REPOSITORY;

  async function ask(): Promise<string> {
    if (!isDigest(ASKED)) throw new Error('not a digest');
    if (hostile.ask === 'blob') {
      return String(await registry.blob(repository, ASKED, BLOB_LIMIT));
    }
    if (hostile.ask === 'referrers') {
      const listed = await registry.referrers(repository, ASKED);
      return `${listed?.descriptors.length} referrers${listed?.complete ? '' : ', and more'}`;
    }
    const reference = parseReference(`${repository}:v1`);
    const { image } = await resolveImage(registry, reference, { fresh: false, now });
    return image.status === 'unusable' ? image.reason : image.status;
  }

  const outcome = await ask().catch((error: unknown) =>
    error instanceof CountersignError ? error.code : String(error),
  );
  return { outcome, requests, credentialled };
}

describe('a hostile registry', () => {
  it.each(REGISTRY_CASES)('($number) that $name ends as $outcome', async (hostile) => {
    const { outcome, requests, credentialled } = await run(hostile);
    expect(outcome).toBe(hostile.outcome);
    expect(requests).toBeLessThanOrEqual(hostile.requests);
    expect(
      credentialled.filter((host) => !/^us-docker\.pkg\.dev$|^registry\.test$/.test(host)),
    ).toEqual([]);
  });
});
