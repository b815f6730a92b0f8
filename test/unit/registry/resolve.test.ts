import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  DOCKER_SCHEMA1_SIGNED,
  OCI_INDEX,
  OCI_MANIFEST,
} from '#shared/registry/media-type.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import {
  AMD64,
  ARM64,
  child,
  digestOf,
  holding,
  image,
  index,
  type Stored,
  TAG_DATE,
} from './manifests.ts';
import { codeOf, NOW } from './scripted-registry.ts';

const REFERENCE = parseReference('registry.test/a:v1');
const OURS = '2026-11-22T05:00:00Z';
const options = { fresh: false, now: () => NOW };

async function resolve(tagged: Omit<Stored, 'tag'>, ...others: readonly unknown[]) {
  const registry = holding([{ ...tagged, tag: 'v1' }, ...others.map((body) => ({ body }))]);
  return (await resolveImage(registry, REFERENCE, options)).image;
}

const amd = image('amd');
const arm = image('arm');
const second = image('second');

describe('resolveImage()', () => {
  it('asks for a tag once and hashes what it gets', async () => {
    const registry = holding([{ body: amd, tag: 'v1' }]);
    expect(await resolveImage(registry, REFERENCE, { ...options, fresh: true })).toEqual({
      resolvedAt: TAG_DATE,
      fresh: true,
      image: { status: 'resolved', digest: digestOf(amd) },
    });
    expect(registry.asked).toEqual(['v1']);
  });

  it.each([
    ['its own annotations', { revision: 'abc', source: 'https://github.com/acme/a' }, {}],
    [
      'those of its index, where it has none',
      {},
      { revision: 'abc', source: 'git@github.com:acme/a' },
    ],
    ['its own before those of its index', { revision: 'abc' }, { revision: 'def', source: 'src' }],
    ['none that are empty', {}, { revision: '' }],
  ])('has of a release %s', async (_, own, outer) => {
    const named = (notes: object) => ({
      annotations: Object.fromEntries(
        Object.entries(notes).map(([name, value]) => [`org.opencontainers.image.${name}`, value]),
      ),
    });
    const inner = image('amd', named(own));
    const body = { ...index(child(inner, AMD64)), ...named(outer) };
    const notes = Object.entries({ ...outer, ...own }).filter(([, value]) => value !== '');
    expect(await resolve({ body }, inner)).toEqual({
      status: 'resolved',
      digest: digestOf(inner),
      index: digestOf(body),
      ...Object.fromEntries(notes),
    });
  });

  it('takes of them what is no secret, rules no terminal, and is short', async () => {
    const annotations = {
      'org.opencontainers.image.source': 'https://user:password@git.example/a?token=x',
      'org.opencontainers.image.revision': `a\u001b[2J${'b'.repeat(1_000)}`,
    };
    const found = await resolve({ body: image('amd', { annotations }) });
    expect(found).toMatchObject({
      source: 'https://git.example/a',
      revision: expect.stringMatching(/^a\ufffd\[2Jb{251}$/),
    });
  });

  it.each([{ a: 1 }, [], 'text', null])(
    'passes over annotations that are %j',
    async (annotations) => {
      const body = image('amd', { annotations });
      expect(await resolve({ body })).toEqual({ status: 'resolved', digest: digestOf(body) });
      const inner = image('amd');
      const outer = { ...index(child(inner, AMD64)), annotations };
      expect(await resolve({ body: outer }, inner)).toMatchObject({ digest: digestOf(inner) });
    },
  );

  it.each([
    ['says', 'application/vnd.cncf.helm.config.v1+json', { version: '1.2.3' }],
    ['does not count', 'application/vnd.oci.image.config.v1+json', {}],
  ])('%s the version of a manifest whose config is %s', async (_, mediaType, version) => {
    const annotations = { 'org.opencontainers.image.version': '1.2.3' };
    const config = { mediaType, digest: digestOf(amd), size: 2 };
    const body = image('chart', { annotations, config });
    expect(await resolve({ body })).toEqual({
      status: 'resolved',
      digest: digestOf(body),
      ...version,
    });
  });

  it('dates the child of an index by its tag', async () => {
    const body = index(child(amd, AMD64));
    const registry = holding([{ body, tag: 'v1' }, { body: amd }]);
    expect(await resolveImage(registry, REFERENCE, options)).toEqual({
      resolvedAt: TAG_DATE,
      fresh: false,
      image: { status: 'resolved', digest: digestOf(amd), index: digestOf(body) },
    });
    expect(registry.asked).toEqual(['v1', digestOf(amd)]);
  });

  it('resolves a digest, and no tag beside it, as of now', async () => {
    const registry = holding([{ body: arm, tag: 'v1' }, { body: amd }]);
    const reference = parseReference(`registry.test/a:v1@${digestOf(amd)}`);
    expect(await resolveImage(registry, reference, options)).toEqual({
      resolvedAt: OURS,
      fresh: false,
      image: { status: 'resolved', digest: digestOf(amd) },
    });
    expect(registry.asked).toEqual([digestOf(amd)]);
  });

  it.each([
    ['registry.test/a:v1', 'tag-absent'],
    [`registry.test/a@${digestOf(amd)}`, 'digest-absent'],
  ])('finds %s unusable where it is absent', async (text, reason) => {
    const resolution = await resolveImage(holding([]), parseReference(text), options);
    expect(resolution).toMatchObject({ resolvedAt: OURS, image: { status: 'unusable', reason } });
  });

  it('finds unusable what is larger than a manifest may be, and passes failures on', async () => {
    const failing = (code: 'too-large' | 'registry-unavailable') => ({
      manifest: () => Promise.reject(new CountersignError(code, 'x')),
    });
    const { image: large } = await resolveImage(failing('too-large'), REFERENCE, options);
    expect(large).toMatchObject({ status: 'unusable', reason: 'too-large' });
    const outage = resolveImage(failing('registry-unavailable'), REFERENCE, options);
    expect(await codeOf(outage)).toBe('registry-unavailable');
  });

  it.each([
    ['an OCI image', { body: amd }],
    ['a Docker image', { body: image('x', { mediaType: DOCKER_MANIFEST }) }],
    [
      'an image without a type of its own',
      { body: image('x', { mediaType: undefined }), contentType: OCI_MANIFEST },
    ],
    [
      'an image served with parameters',
      { body: amd, contentType: `${OCI_MANIFEST}; charset=utf-8` },
    ],
    ['an image served as plain JSON', { body: amd, contentType: 'application/json' }],
    ['an image with any artifactType', { body: image('x', { artifactType: 'a/b' }) }],
    [
      'an image with annotations in any case',
      { body: image('x', { annotations: { layers: 'a', Layers: 'b' } }) },
    ],
    [
      'an image whose annotation looks like JSON',
      { body: image('x', { annotations: { a: '"layers": "\\"' } }) },
    ],
  ] satisfies [string, Omit<Stored, 'tag'>][])('takes %s', async (_, stored) => {
    expect(await resolve(stored)).toEqual({ status: 'resolved', digest: digestOf(stored.body) });
  });

  it.each([
    [
      'the first for linux/amd64',
      index(child(arm, ARM64), child(amd, AMD64), child(second, AMD64)),
    ],
    ['one without a platform', index(child(arm, ARM64), child(amd), child(second, AMD64))],
    ['one with platform null', index(child(amd, null), child(second, AMD64))],
    ['any variant', index(child(amd, { ...AMD64, variant: 'v3', 'os.version': '1' }))],
    ['the amd64 one of Linux', index(child(arm, { ...AMD64, os: 'windows' }), child(amd, AMD64))],
    ['none of an empty platform', index(child(arm, {}), child(amd, AMD64))],
    [
      'none of another case',
      index(child(arm, { os: 'Linux', architecture: 'AMD64' }), child(amd, AMD64)),
    ],
    ['the child of a Docker list', { ...index(child(amd, AMD64)), mediaType: DOCKER_LIST }],
    ['the child of an untyped index', { ...index(child(amd, AMD64)), mediaType: undefined }],
  ])('takes %s', async (_, body) => {
    const contentType = body.mediaType ?? OCI_INDEX;
    const found = await resolve({ body, contentType }, amd, arm, second);
    expect(found).toEqual({ status: 'resolved', digest: digestOf(amd), index: digestOf(body) });
  });

  it('follows an index within an index, as Config Sync does', async () => {
    const inner = index(child(amd, AMD64));
    const outer = index(child(inner, undefined, { mediaType: OCI_INDEX }));
    const found = await resolve({ body: outer }, inner, amd);
    expect(found).toEqual({ status: 'resolved', digest: digestOf(amd), index: digestOf(outer) });
  });

  it('takes a Docker child of an OCI index', async () => {
    const docker = image('docker', { mediaType: DOCKER_MANIFEST });
    const body = index(child(docker, AMD64, { mediaType: DOCKER_MANIFEST }));
    expect(await resolve({ body }, docker)).toMatchObject({ digest: digestOf(docker) });
  });

  it.each([
    ['no child for linux/amd64', index(child(arm, ARM64)), 'no-linux-amd64-child'],
    ['no child at all', index(), 'no-linux-amd64-child'],
    ['an absent child', index(child(image('absent'), AMD64)), 'digest-absent'],
    [
      'a child described as an index',
      index(child(amd, AMD64, { mediaType: OCI_INDEX })),
      'not-an-image',
    ],
    [
      'a child by another algorithm',
      index({ ...child(amd, AMD64), digest: `sha512:${'0'.repeat(128)}` }),
      'not-an-image',
    ],
    [
      'more children than are read',
      index(...Array.from({ length: 1001 }, () => child(arm, ARM64))),
      'not-an-image',
    ],
  ])('finds an index with %s unusable', async (_, body, reason) => {
    expect(await resolve({ body }, amd, arm)).toMatchObject({ status: 'unusable', reason });
  });

  it('follows no more indexes than anyone builds', async () => {
    const indexes: unknown[] = [amd];
    for (let depth = 0; depth < 4; depth += 1) {
      const mediaType = depth === 0 ? OCI_MANIFEST : OCI_INDEX;
      indexes.unshift(index(child(indexes[0], AMD64, { mediaType })));
    }
    const [outer, ...inner] = indexes;
    expect(await resolve({ body: inner[0] }, ...inner)).toMatchObject({ status: 'resolved' });
    const found = await resolve({ body: outer }, ...inner);
    expect(found).toMatchObject({ status: 'unusable', reason: 'not-an-image' });
  });

  it.each([
    ['Docker schema 1', { schemaVersion: 1, fsLayers: [] }, DOCKER_SCHEMA1_SIGNED],
    ['what is served as schema 1', image('x', { mediaType: undefined }), DOCKER_SCHEMA1_SIGNED],
    ['an OCI image served as a Docker one', amd, DOCKER_MANIFEST],
    ['an index with layers', { ...index(child(amd, AMD64)), layers: [] }, undefined],
    ['an image without layers', image('x', { layers: [] }), undefined],
    ['an image with layers null', image('x', { layers: null }), undefined],
    ['an image with a layer of no digest', image('x', { layers: [{ size: 1 }] }), undefined],
    ['an image without config', image('x', { config: undefined }), undefined],
    [
      'more layers than are read',
      image('x', { layers: Array.from({ length: 1001 }, () => ({ digest: digestOf('layer') })) }),
      undefined,
    ],
    [
      'an artifact manifest',
      { mediaType: 'application/vnd.oci.artifact.manifest.v1+json', blobs: [] },
      undefined,
    ],
    ['an image of an unknown type', image('x', { mediaType: 'a/b' }), undefined],
    ['an index served as plain JSON', index(child(amd, AMD64)), 'application/json'],
    ['an index served with parameters', index(child(amd, AMD64)), `${OCI_INDEX}; charset=utf-8`],
    ['another schema version', image('x', { schemaVersion: 3 }), undefined],
    ['no document', '[]', OCI_MANIFEST],
  ])('finds %s unusable', async (_, body, contentType) => {
    const found = await resolve(contentType === undefined ? { body } : { body, contentType }, amd);
    expect(found).toMatchObject({ status: 'unusable', reason: 'not-an-image' });
  });
});
