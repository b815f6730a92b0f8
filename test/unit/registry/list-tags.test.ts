import { describe, expect, it } from 'vitest';
import type { ListedTag } from '#shared/core/track/shortlist.ts';
import { type ArtifactTags, createArtifactTags } from '#shared/registry/artifact-tags.ts';
import { DEFAULT_LIMITS } from '#shared/registry/limits.ts';
import { createListTags } from '#shared/registry/list-tags.ts';
import type { Manifest, TagPages } from '#shared/registry/registry.ts';
import { codeOf, sha256 } from './scripted-registry.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/team/platform';
const PACKAGE = 'projects/acme/locations/us/repositories/configs/packages/team%2Fplatform';

type Request = Parameters<ArtifactTags['listTags']>[0];

/** Artifact Registry with so many tags, in pages of at most a thousand. */
function artifacts(count: number, failure?: { readonly code: number }) {
  const asked: (Request & { readonly view?: string })[] = [];
  const tags = Array.from({ length: count }, (_, n) => ({
    name: `${PACKAGE}/tags/1.0.${n}`,
    version: `${PACKAGE}/versions/${sha256(`${n}`)}`,
  }));
  function pageOf<Entry>({ pageSize, pageToken }: Request, all: readonly Entry[]) {
    const from = Number(pageToken || 0);
    const next = from + pageSize < all.length ? String(from + pageSize) : '';
    return [all.slice(from, from + pageSize), null, { nextPageToken: next }] as const;
  }
  const api: ArtifactTags = {
    async listTags(request) {
      asked.push(request);
      if (failure !== undefined) throw Object.assign(new Error('refused'), failure);
      return pageOf(request, tags);
    },
    async listVersions(request) {
      asked.push(request);
      return pageOf(
        request,
        tags.map((tag, n) => ({
          name: tag.version,
          createTime: { seconds: 1_700_000_000 + n },
          relatedTags: [tag],
        })),
      );
    },
  };
  return { api, asked };
}

function taking(): {
  readonly tags: ListedTag[];
  readonly take: (tags: readonly ListedTag[]) => void;
} {
  const tags: ListedTag[] = [];
  return {
    tags,
    take(more) {
      tags.push(...more);
    },
  };
}

describe('createArtifactTags()', () => {
  it('asks for a thousand tags at once, each with what it names', async () => {
    const { api, asked } = artifacts(2_500);
    const { tags, take } = taking();
    const listed = await createArtifactTags(async () => api)(REPOSITORY, take);
    expect(listed).toEqual({ complete: true });
    expect(asked.map(({ parent, pageSize, pageToken }) => [parent, pageSize, pageToken])).toEqual([
      [PACKAGE, 1_000, ''],
      [PACKAGE, 1_000, '1000'],
      [PACKAGE, 1_000, '2000'],
    ]);
    expect(tags).toHaveLength(2_500);
    expect(tags[7]).toEqual({ tag: '1.0.7', digest: sha256('7') });
  });

  it('says where there is more than it lists', async () => {
    const { api, asked } = artifacts(2_500);
    const limits = { ...DEFAULT_LIMITS, tagPages: 2 };
    const listed = await createArtifactTags(async () => api, limits)(REPOSITORY, () => undefined);
    expect(listed).toEqual({ complete: false });
    expect(asked).toHaveLength(2);
  });

  it('lists times where they are wanted', async () => {
    const { api, asked } = artifacts(2);
    const { tags, take } = taking();
    await createArtifactTags(async () => api)(REPOSITORY, take, { timesOf: () => true });
    expect(asked).toMatchObject([{ view: 'FULL' }]);
    expect(tags).toEqual([
      { tag: '1.0.0', digest: sha256('0'), at: '2023-11-14T22:13:20Z' },
      { tag: '1.0.1', digest: sha256('1'), at: '2023-11-14T22:13:21Z' },
    ]);
  });

  it.each([
    [7, 'registry-denied'],
    [14, 'registry-unavailable'],
  ])('takes the status %s for %s', async (code, expected) => {
    const { api } = artifacts(1, { code });
    const listed = createArtifactTags(async () => api)(REPOSITORY, () => undefined);
    expect(await codeOf(listed ?? Promise.resolve())).toBe(expected);
  });

  it('lists nothing of what is not there', async () => {
    const { api } = artifacts(1, { code: 5 });
    const listed = createArtifactTags(async () => api)(REPOSITORY, () => undefined);
    expect(await listed).toEqual({ complete: true });
  });

  it('refuses a list that begins anew', async () => {
    const api = {
      ...artifacts(1).api,
      listTags: async () => [[], null, { nextPageToken: 'again' }] as const,
    };
    const listed = createArtifactTags(async () => api)(REPOSITORY, () => undefined);
    expect(await codeOf(listed ?? Promise.resolve())).toBe('registry-misbehaved');
  });
});

/** A registry with these tags, in pages of three, and what their manifests say of when they were made. */
function registry(created: Readonly<Record<string, string | undefined>>) {
  const read: string[] = [];
  const names = Object.keys(created);
  const pages: TagPages & { manifest(of: string, tag: string): Promise<Manifest | undefined> } = {
    async eachTagPage(_, take) {
      for (let from = 0; from < names.length; from += 3) {
        take(names.slice(from, from + 3).map((tag) => ({ tag })));
      }
      return { complete: true };
    },
    async manifest(_, tag) {
      read.push(tag);
      const at = created[tag];
      const annotations = at === undefined ? {} : { 'org.opencontainers.image.created': at };
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, annotations }));
      return { digest: sha256(tag), mediaType: '', bytes, date: '2026-11-29T00:00:00Z' };
    },
  };
  return { pages, read };
}

describe('createListTags()', () => {
  it('asks the registry itself where that is not Artifact Registry', async () => {
    const { pages } = registry({ a: undefined, b: undefined, c: undefined, d: undefined });
    const { api, asked } = artifacts(1);
    const listTags = createListTags({
      registry: pages,
      artifacts: createArtifactTags(async () => api),
    });
    const { tags, take } = taking();
    expect(await listTags('registry.example/app', take)).toEqual({ complete: true });
    expect(tags.map(({ tag }) => tag)).toEqual(['a', 'b', 'c', 'd']);
    expect(asked).toEqual([]);
  });

  it('reads times of the tags that count alone, as their manifests say them', async () => {
    const { pages, read } = registry({
      latest: '2026-11-29T00:00:00Z',
      'main-1': '2026-11-01T10:00:00+02:00',
      'main-2': undefined,
    });
    const { tags, take } = taking();
    const timesOf = (tag: string): boolean => tag.startsWith('main-');
    await createListTags({ registry: pages })('registry.example/app', take, { timesOf });
    expect(read).toEqual(['main-1', 'main-2']);
    expect(tags).toEqual([
      { tag: 'latest' },
      { tag: 'main-1', at: '2026-11-01T08:00:00Z' },
      { tag: 'main-2' },
    ]);
  });

  it('decides nothing where too many manifests would have to be read', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 201 }, (_, n) => [`main-${n}`, undefined]),
    );
    const { pages, read } = registry(many);
    const listed = await createListTags({ registry: pages })(
      'registry.example/app',
      () => undefined,
      {
        timesOf: () => true,
      },
    );
    expect(listed).toEqual({ complete: false });
    expect(read).toHaveLength(200);
  });
});
