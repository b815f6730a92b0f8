import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { TufSource } from '#shared/core/policy.ts';
import { createTrustRootLoader, createTufFetcher } from '#shared/trust/trust-roots.ts';
import { startTufRepository, type TufRepository } from '#test/fixtures/sigstore/tuf-repository.ts';

const ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
const OTHER = `${ROOT}\n`;

let repository: TufRepository;
let source: TufSource;
let cacheDir: string;
beforeEach(async () => {
  repository = await startTufRepository();
  repository.publish(ROOT);
  const { mirrorURL: url, rootPath } = repository;
  source = { url, root: await readFile(rootPath, 'utf8'), target: 'trusted_root.json' };
  cacheDir = mkdtempSync(join(tmpdir(), 'countersign-test-cache-'));
});
afterEach(() => repository?.close());

const fetchRoot = (dir: string | undefined = cacheDir): Promise<string> =>
  createTufFetcher(dir, source)();

describe('the public-good root through TUF', () => {
  it('is the target that the repository signs', async () => {
    await expect(fetchRoot()).resolves.toBe(ROOT);
  });

  it('needs no folder to be named', async () => {
    await expect(createTufFetcher(undefined, source)()).resolves.toBe(ROOT);
  });

  it('is not fetched again while it is the same', async () => {
    await fetchRoot();
    repository.requests.length = 0;
    await expect(fetchRoot()).resolves.toBe(ROOT);
    expect(repository.requests.filter((path) => path.startsWith('/targets/'))).toEqual([]);
    expect(repository.requests).toContain('/timestamp.json');
  });

  it('follows a newer one', async () => {
    await fetchRoot();
    repository.publish(OTHER, { version: 2 });
    await expect(fetchRoot()).resolves.toBe(OTHER);
  });

  it.each<[string, (repository: TufRepository) => void]>([
    [
      'other bytes than are signed',
      (mirror) => {
        const sha256 = createHash('sha256').update(ROOT).digest('hex');
        mirror.replace(`targets/${sha256}.trusted_root.json`, ROOT.replace('0.1', '0.2'));
      },
    ],
    [
      'another key',
      (mirror) => mirror.publish(OTHER, { key: generateKeyPairSync('ed25519').privateKey }),
    ],
    ['an expired list', (mirror) => mirror.publish(ROOT, { expires: new Date(0) })],
    ['no list', (mirror) => mirror.replace('timestamp.json', '{}')],
  ])('is refused from a mirror with %s', async (_, spoil) => {
    spoil(repository);
    const load = createTrustRootLoader({ now: () => 0, fetchPublicGood: fetchRoot });
    await expect(load('public-good', 'ci')).rejects.toMatchObject({
      code: 'trust-root-unavailable',
      retry: true,
    });
  });

  it('is never rolled back', async () => {
    repository.publish(OTHER, { version: 5 });
    await fetchRoot();
    repository.publish(ROOT, { version: 4 });
    await expect(fetchRoot()).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) });
  });

  it('is unavailable where no server answers', async () => {
    repository.close();
    const load = createTrustRootLoader({
      now: () => 0,
      fetchPublicGood: createTufFetcher(cacheDir, source),
    });
    await expect(load('public-good', 'ci')).rejects.toMatchObject({
      code: 'trust-root-unavailable',
    });
  });

  it("is fetched from a mirror of one's own by the root that the policy names", async () => {
    const { root } = source;
    const other = generateKeyPairSync('ed25519');
    const load = createTrustRootLoader({ now: () => 0, cacheDir });
    const loaded = await load({ tuf: source }, 'ci');
    await expect(load({ tuf: source }, 'again')).resolves.toBe(loaded);
    const refused = { code: 'trust-root-unavailable', retry: true };
    await expect(load({ tuf: { ...source, target: 'absent.json' } }, 'ci')).rejects.toMatchObject(
      refused,
    );
    const foreign = JSON.stringify(JSON.parse(root), (name, value: unknown) =>
      name === 'public'
        ? other.publicKey.export({ format: 'der', type: 'spki' }).toString('hex')
        : value,
    );
    await expect(load({ tuf: { ...source, root: foreign } }, 'ci')).rejects.toMatchObject(refused);
  });
});
