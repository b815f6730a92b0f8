import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { ArtifactLookup } from '#shared/registry/artifact-lookup.ts';
import { createTagsOf } from '#shared/registry/tags-of.ts';
import { AMD64, child, digestOf, holding, image, index, type Stored } from './manifests.ts';
import { codeOf } from './scripted-registry.ts';

const wanted = image('wanted');
const parent = index(child(wanted, AMD64));
const DIGEST = digestOf(wanted);

function listing(stored: readonly Stored[], tags: readonly string[], complete = true) {
  const registry = holding(stored);
  return { ...registry, tags: async () => ({ tags, complete }) };
}

const STORED = [
  { tag: 'v1', body: wanted },
  { tag: 'v2', body: image('other') },
  { tag: 'v3', body: parent },
];

function lookup(tags: readonly string[] | undefined): ArtifactLookup {
  return async () => tags;
}

describe('createTagsOf()', () => {
  it('finds the tags of a digest, and of indexes that list it', async () => {
    const signature = `sha256-${DIGEST.slice(7)}.sig`;
    const registry = listing(STORED, ['v1', 'v2', 'v3', 'gone', signature]);
    const tagsOf = createTagsOf({ registry });
    expect(await tagsOf('r.test/a', DIGEST)).toEqual({ tags: ['v1', 'v3'], complete: true });
    expect(registry.asked.toSorted()).toEqual(['gone', 'v1', 'v2', 'v3']);
  });

  it('asks Artifact Registry first, and leaves signatures out', async () => {
    const registry = listing(STORED, ['v1']);
    const lookUp = lookup(['v9', `sha256-${DIGEST.slice(7)}`]);
    const tagsOf = createTagsOf({ registry, lookUp });
    expect(await tagsOf('r.test/a', DIGEST)).toEqual({ tags: ['v9'], complete: true });
    expect(registry.asked).toEqual([]);
  });

  it.each([[[]], [undefined]])(
    'looks for an index where Artifact Registry says %j',
    async (own) => {
      const registry = listing(STORED, ['v3']);
      const tagsOf = createTagsOf({ registry, lookUp: lookup(own) });
      expect(await tagsOf('r.test/a', DIGEST)).toEqual({ tags: ['v3'], complete: true });
    },
  );

  it('reads no more than 200 tags, eight at a time, and says that there are more', async () => {
    const tags = Array.from({ length: 250 }, (_, i) => `t${i}`);
    let open = 0;
    let most = 0;
    let asked = 0;
    const registry = {
      tags: async () => ({ tags, complete: true }),
      async manifest() {
        asked += 1;
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        open -= 1;
        return undefined;
      },
    };
    const found = await createTagsOf({ registry })('r.test/a', DIGEST);
    expect(found).toEqual({ tags: [], complete: false });
    expect({ asked, most }).toEqual({ asked: 200, most: 8 });
  });

  it('passes on that the list itself was cut', async () => {
    const tagsOf = createTagsOf({ registry: listing(STORED, ['v1'], false) });
    expect(await tagsOf('r.test/a', DIGEST)).toEqual({ tags: ['v1'], complete: false });
  });

  it.each([
    ['too-large', 'none'],
    ['bad-reference', 'none'],
    ['registry-unavailable', 'registry-unavailable'],
    ['registry-denied', 'registry-denied'],
  ] as const)('treats a tag that is %s as %s', async (code, expected) => {
    const registry = {
      tags: async () => ({ tags: ['odd'], complete: true }),
      manifest: () => Promise.reject(new CountersignError(code, 'x')),
    };
    expect(await codeOf(createTagsOf({ registry })('r.test/a', DIGEST))).toBe(expected);
  });
});
