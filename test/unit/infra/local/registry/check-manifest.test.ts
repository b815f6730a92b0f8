import { describe, expect, it } from 'vitest';
import { checkManifest } from '#infra/local/registry/manifests.ts';

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const descriptor = { mediaType: 'a/config', digest: DIGEST, size: 1 };
const held = {
  blobs: new Map([[DIGEST, new Uint8Array(1)]]),
  manifests: new Map(),
  tags: new Map(),
};

function check(fields: object, contentType: string | undefined = IMAGE) {
  const image = { schemaVersion: 2, config: descriptor, layers: [], ...fields };
  return checkManifest(held, { bytes: Buffer.from(JSON.stringify(image)), contentType });
}

describe('checkManifest()', () => {
  it.each([
    ['a parameter of the Content-Type', {}, `${IMAGE}; charset=utf-8`],
    ['no Content-Type where the body has one', { mediaType: IMAGE }, ''],
    ['no mediaType in the body', {}, IMAGE],
    ['an empty list of layers as Go writes it', { layers: null }, IMAGE],
    [
      'null for what may be absent',
      { annotations: null, artifactType: null, subject: null },
      IMAGE,
    ],
    ['null in a descriptor', { layers: [{ ...descriptor, urls: null }] }, IMAGE],
    ['null for its media type', { mediaType: null }, IMAGE],
    ['an empty media type', { mediaType: '' }, IMAGE],
    [
      'a foreign layer that is not here',
      { layers: [{ ...descriptor, digest: 'x', urls: ['u'] }] },
      IMAGE,
    ],
  ])('takes %s', (_, fields, contentType) => {
    expect(check(fields, contentType).mediaType).toBe(IMAGE);
  });

  it.each([
    ['schema 1', { schemaVersion: 1 }, IMAGE],
    ['no layers', { layers: undefined }, IMAGE],
    ['a negative size', { config: { ...descriptor, size: -1 } }, IMAGE],
    ['no media type at all', {}, ''],
    ['an unknown media type', { mediaType: 'a/b' }, 'a/b'],
  ])('refuses %s', (_, fields, contentType) => {
    expect(() => check(fields, contentType)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    );
  });

  it('refuses bytes that are no UTF-8', () => {
    const image = { schemaVersion: 2, config: descriptor, layers: [], annotations: { a: 'ÿ' } };
    const bytes = Buffer.from(JSON.stringify(image), 'latin1');
    expect(() => checkManifest(held, { bytes, contentType: IMAGE })).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    );
  });

  it('refuses a body that is an image and an index, where header and body disagree', () => {
    expect(() => check({ mediaType: IMAGE, manifests: [] }, INDEX)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    );
  });

  it('refuses a subject whose digest is none', () => {
    expect(() => check({ subject: { ...descriptor, digest: 'v1' } })).toThrow(
      expect.objectContaining({ code: 'DIGEST_INVALID' }),
    );
  });

  it.each([
    ['its artifactType', { artifactType: 'a/own' }, 'a/own'],
    ['its config, without one', {}, 'a/config'],
    ['its config, with an empty one', { artifactType: '' }, 'a/config'],
  ])('types a referrer by %s', (_, fields, artifactType) => {
    const { referrer } = check({ subject: descriptor, ...fields });
    expect(referrer).toEqual({ subject: DIGEST, artifactType });
  });
});
