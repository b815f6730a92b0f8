import { describe, expect, it } from 'vitest';
import { ACCEPT_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '#shared/registry/media-type.ts';
import { absent, codeOf, DATE, failureOf, json, scripted, sha256 } from './scripted-registry.ts';

const REPOSITORY = 'registry.test/a/b';
const OTHER = sha256('other');

describe('manifest()', () => {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST });

  function answer(text = body, headers: Record<string, string> = {}): Response {
    return new Response(text, {
      headers: { date: DATE, 'content-type': OCI_MANIFEST, ...headers },
    });
  }

  it('hashes the bytes under a tag and believes no header', async () => {
    const { registry, seen } = scripted(() => answer(body, { 'docker-content-digest': OTHER }));
    expect(await registry.manifest(REPOSITORY, 'v1')).toEqual({
      digest: sha256(body),
      mediaType: OCI_MANIFEST,
      bytes: Buffer.from(body),
      date: '2026-11-22T04:59:58Z',
      contentType: OCI_MANIFEST,
    });
    expect(seen[0]?.headers.get('accept')).toBe(ACCEPT_MANIFEST);
    expect(seen[0]?.headers.get('accept-encoding')).toBe('identity');
  });

  it.each([
    [{ mediaType: OCI_INDEX }, OCI_MANIFEST, OCI_INDEX],
    [{}, `${OCI_INDEX}; charset=utf-8`, OCI_INDEX],
    [{ mediaType: 1 }, OCI_INDEX, OCI_INDEX],
  ])('takes the type of %j served as %s for %s', async (document, served, mediaType) => {
    const { registry } = scripted(() =>
      answer(JSON.stringify(document), { 'content-type': served }),
    );
    const manifest = await registry.manifest(REPOSITORY, 'v1');
    expect(manifest).toMatchObject({ mediaType, contentType: served });
  });

  it('takes our clock where the registry has none', async () => {
    const { registry } = scripted(() => new Response(body));
    expect((await registry.manifest(REPOSITORY, 'v1'))?.date).toBe('2026-11-22T05:00:00Z');
  });

  it('asks by digest and refuses other bytes', async () => {
    const { registry, seen } = scripted(() => answer());
    await registry.manifest(REPOSITORY, sha256(body));
    expect(seen[0]?.url).toBe(`https://registry.test/v2/a/b/manifests/${sha256(body)}`);
    const lie = registry.manifest(REPOSITORY, OTHER);
    expect(await codeOf(lie)).toBe('registry-misbehaved');
  });

  it.each(['<html>', '[]', 'null', '"x"', '', '\uFEFF{}'])('refuses the body %j', async (text) => {
    const { registry } = scripted(() => answer(text));
    expect(await codeOf(registry.manifest(REPOSITORY, 'v1'))).toBe('registry-misbehaved');
  });

  it.each([
    [REPOSITORY, '../../x'],
    [REPOSITORY, 'v1/../v2'],
    [REPOSITORY, ''],
    [REPOSITORY, `v1@${OTHER}`],
    [REPOSITORY, 'sha512:00'],
    [`${REPOSITORY}:v1`, 'v1'],
    [`${REPOSITORY}:v1`, OTHER],
    ['registry.test/../x', 'v1'],
    ['user@registry.test/a', 'v1'],
    ['registry.test/a?x', 'v1'],
  ])('asks nothing for %j and %j', async (repository, reference) => {
    const { registry, seen } = scripted(() => answer());
    expect(await codeOf(registry.manifest(repository, reference))).toBe('bad-reference');
    expect(seen).toEqual([]);
  });

  it('asks nothing of a registry that is not configured', async () => {
    const { registry, seen } = scripted(() => answer());
    const failure = await failureOf(registry.manifest('ghcr.io/a', 'v1'));
    expect(failure).toMatchObject({ code: 'registry-not-allowed', retry: false });
    expect(failure?.message).toContain('ghcr.io');
    expect(seen).toEqual([]);
  });
});

describe('blob()', () => {
  it('hashes what it gives', async () => {
    const { registry } = scripted(() => new Response('x'));
    expect(await registry.blob(REPOSITORY, sha256('x'), 1)).toEqual(Buffer.from('x'));
    expect(await codeOf(registry.blob(REPOSITORY, OTHER, 1))).toBe('registry-misbehaved');
  });

  it('is undefined where there is none', async () => {
    const { registry } = scripted(() => absent('BLOB_UNKNOWN'));
    expect(await registry.blob(REPOSITORY, OTHER, 1)).toBeUndefined();
  });
});

describe('referrers()', () => {
  const list = (...digests: string[]): unknown => ({
    schemaVersion: 2,
    manifests: digests.map((digest) => ({ mediaType: OCI_MANIFEST, digest, size: 3 })),
  });

  it('lists descriptors, unfiltered, and counts what it leaves out', async () => {
    const full = { mediaType: OCI_MANIFEST, digest: OTHER, size: 3, artifactType: 'x', extra: 1 };
    const manifests = [
      { ...full, annotations: { a: 'b' } },
      { ...full, digest: `sha512:${'0'.repeat(128)}` },
      { ...full, size: '3' },
      { ...full, artifactType: null },
      { mediaType: OCI_MANIFEST, digest: OTHER, size: 3, annotations: null },
      'x',
    ];
    const { registry, seen } = scripted(() => json({ schemaVersion: 2, manifests }));
    const plain = { mediaType: OCI_MANIFEST, digest: OTHER, size: 3 };
    expect(await registry.referrers(REPOSITORY, OTHER)).toEqual({
      descriptors: [
        { ...plain, artifactType: 'x', annotations: { a: 'b' } },
        { ...plain, flawed: true },
        plain,
      ],
      complete: true,
      unreadable: 3,
    });
    expect(seen[0]?.url).toBe(`https://registry.test/v2/a/b/referrers/${OTHER}`);
  });

  it('is undefined where there is no such API, or it is not to be asked', async () => {
    const none = scripted(() => absent('NOT_FOUND'));
    expect(await none.registry.referrers(REPOSITORY, OTHER)).toBeUndefined();
    const rule = { host: 'registry.test', plainHttp: false, auth: 'none' } as const;
    const unasked = scripted(() => json(list(OTHER)), {
      registries: [{ ...rule, referrers: 'tag' }],
    });
    expect(await unasked.registry.referrers(REPOSITORY, OTHER)).toBeUndefined();
    expect(unasked.seen).toEqual([]);
  });

  it('follows pages', async () => {
    const { registry, seen } = scripted(({ searchParams }) =>
      searchParams.get('page') === '2'
        ? json(list(sha256('2')))
        : json(list(sha256('1')), 200, {
            link: `</v2/a/b/referrers/${OTHER}?page=2>; rel="next"`,
          }),
    );
    const digests = (await registry.referrers(REPOSITORY, OTHER))?.descriptors.map(
      ({ digest }) => digest,
    );
    expect(digests).toEqual([sha256('1'), sha256('2')]);
    expect(seen.at(-1)?.url).toBe(`https://registry.test/v2/a/b/referrers/${OTHER}?page=2`);
  });

  it.each([
    `<https://evil.test/v2/a/b/referrers/${OTHER}?p=2>; rel="next"`,
    `</v2/other/referrers/${OTHER}?p=2>; rel="next"`,
    '<>; rel="next"',
    'nonsense',
  ])('does not follow the link %s', async (link) => {
    const { registry, seen } = scripted(() => json(list(OTHER), 200, { link }));
    expect(await codeOf(registry.referrers(REPOSITORY, OTHER))).toBe('registry-misbehaved');
    expect(seen).toHaveLength(1);
  });

  it('says when it read no further', async () => {
    const link = { link: `</v2/a/b/referrers/${OTHER}?page=2>; rel="next"` };
    const { registry } = scripted(() => json(list(OTHER, OTHER), 200, link), {
      limits: { pages: 1 },
    });
    expect(await registry.referrers(REPOSITORY, OTHER)).toMatchObject({ complete: false });
    const many = scripted(() => json(list(OTHER, OTHER)), { limits: { entries: 1 } });
    expect(await many.registry.referrers(REPOSITORY, OTHER)).toMatchObject({
      descriptors: [{ digest: OTHER }],
      complete: false,
    });
  });
});

describe('tags()', () => {
  it('lists all pages', async () => {
    const { registry, seen } = scripted(({ searchParams }) =>
      searchParams.has('last')
        ? json({ name: 'a/b', tags: ['v2'] })
        : json({ tags: ['v1'] }, 200, { link: '</v2/a/b/tags/list?n=1000&last=v1>; rel="next"' }),
    );
    expect(await registry.tags(REPOSITORY)).toEqual({ tags: ['v1', 'v2'], complete: true });
    expect(seen[0]?.url).toBe('https://registry.test/v2/a/b/tags/list?n=1000');
  });

  it.each([
    ['an absent repository', () => absent('NAME_UNKNOWN')],
    ['a null list', () => json({ tags: null })],
  ])('is empty for %s', async (_, answer) => {
    const { registry } = scripted(answer);
    expect(await registry.tags(REPOSITORY)).toEqual({ tags: [], complete: true });
  });

  it('says when there are more than it lists', async () => {
    const link = '</v2/a/b/tags/list?n=1000&last=x>; rel="next"';
    const endless = scripted(() => json({ tags: [] }, 200, { link }), { limits: { pages: 3 } });
    expect(await endless.registry.tags(REPOSITORY)).toEqual({ tags: [], complete: false });
    expect(endless.seen).toHaveLength(3);
    const long = scripted(() => json({ tags: ['a', 'b', 'c'] }), { limits: { entries: 2 } });
    expect(await long.registry.tags(REPOSITORY)).toEqual({ tags: ['a', 'b'], complete: false });
  });
});
