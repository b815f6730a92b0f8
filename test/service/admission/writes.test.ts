import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { type AdmissionWorld, startAdmissionWorld } from '#test/fixtures/admission-world.ts';
import {
  annotated,
  repoSync,
  reviewOf,
  type ReviewOptions,
  rootSync,
  syncOf,
} from '#test/fixtures/reviews.ts';

const HEX = 'c'.repeat(64);
const OTHER = 'd'.repeat(64);
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };

let world: AdmissionWorld;
let image: string;

beforeAll(async () => {
  world = await startAdmissionWorld();
  image = `${world.host}/configs/platform:v1`;
});
afterAll(() => world?.close());
beforeEach(() => {
  world.asked.length = 0;
});

async function ask(options: ReviewOptions) {
  const { review } = await world.post(reviewOf(options));
  return review.response;
}

describe('what announces nothing is admitted without a question', () => {
  const plain = () => rootSync(image);
  const announcing = (hex = HEX) => rootSync(image, `${image}@sha256:${hex}`);

  it.each<[string, () => ReviewOptions, string]>([
    ['CREATE without the annotation', () => ({ operation: 'CREATE', object: plain() }), 'absent'],
    ['UPDATE without it', () => ({ object: plain(), oldObject: plain() }), 'absent'],
    [
      'UPDATE that leaves it as it was',
      () => ({ object: announcing(), oldObject: announcing() }),
      'unchanged',
    ],
    [
      'UPDATE of the spec that leaves it as it was',
      () => ({
        object: syncOf('RootSync', { sourceType: 'git' }, `${image}@sha256:${HEX}`),
        oldObject: announcing(),
      }),
      'unchanged',
    ],
    ['its removal', () => ({ object: plain(), oldObject: announcing() }), 'removed'],
    ['its emptying', () => ({ object: rootSync(image, ''), oldObject: announcing() }), 'removed'],
    ['an empty one', () => ({ object: rootSync(image, ''), oldObject: plain() }), 'absent'],
    [
      'annotations that are null',
      () => ({
        object: syncOf('RootSync', {}, undefined, { metadata: { name: 'a', annotations: null } }),
      }),
      'absent',
    ],
    [
      'DELETE',
      () => ({ operation: 'DELETE', object: null, oldObject: announcing() }),
      'not-a-write',
    ],
    ['CONNECT', () => ({ operation: 'CONNECT', object: null }), 'not-a-write'],
    [
      'the status subresource, which keeps annotations',
      () => ({ subResource: 'status', object: announcing(), oldObject: announcing() }),
      'unchanged',
    ],
    [
      'a subresource of another kind',
      () => ({
        subResource: 'scale',
        resource: { group: 'configsync.gke.io', version: 'v1beta1', resource: 'rootsyncs' },
        object: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'root-sync' } },
      }),
      'not-an-rsync',
    ],
    ['another kind', () => ({ object: POD }), 'not-an-rsync'],
    [
      'a RootSync of another group',
      () => ({ object: { ...announcing(), apiVersion: 'evil.example/v1beta1' } }),
      'not-an-rsync',
    ],
    [
      'what is being deleted',
      () => ({
        object: announcing(),
        oldObject: {
          ...announcing(),
          metadata: {
            ...announcing().metadata,
            deletionTimestamp: '2026-11-22T05:00:00Z',
            finalizers: ['configsync.gke.io/reconciler'],
          },
        },
      }),
      'deleting',
    ],
  ])('%s', async (_, options, outcome) => {
    const response = await ask(options());
    expect(response).toMatchObject({ allowed: true, auditAnnotations: { outcome } });
    expect(response).not.toHaveProperty('warnings');
    expect(world.asked).toEqual([]);
  });
});

describe('what announces an image is verified', () => {
  const changed = () => rootSync(image, `${image}@sha256:${HEX}`);

  it.each<[string, () => ReviewOptions]>([
    ['CREATE with the annotation', () => ({ operation: 'CREATE', object: changed() })],
    [
      'CREATE whose old object is forged',
      () => ({ operation: 'CREATE', object: changed(), oldObject: changed() }),
    ],
    ['UPDATE from none', () => ({ object: changed(), oldObject: rootSync(image) })],
    [
      'UPDATE from another',
      () => ({ object: changed(), oldObject: rootSync(image, `${image}@sha256:${OTHER}`) }),
    ],
    ['UPDATE without an old object', () => ({ object: changed() })],
    [
      'UPDATE of a subresource',
      () => ({ subResource: 'status', object: changed(), oldObject: rootSync(image) }),
    ],
    ['a RepoSync', () => ({ object: repoSync(image, `${image}@sha256:${HEX}`) })],
    [
      'what is being deleted, and finalized in the same write',
      () => ({
        object: changed(),
        oldObject: {
          ...rootSync(image),
          metadata: {
            ...rootSync(image).metadata,
            deletionTimestamp: '2026-11-22T05:00:00Z',
            finalizers: ['configsync.gke.io/reconciler'],
          },
        },
      }),
    ],
    [
      'what is being deleted',
      () => ({
        object: changed(),
        oldObject: {
          ...rootSync(image),
          metadata: { ...rootSync(image).metadata, deletionTimestamp: '2026-11-22T05:00:00Z' },
        },
      }),
    ],
    [
      'a deletionTimestamp in the new object alone',
      () => ({
        object: {
          ...changed(),
          metadata: { ...changed().metadata, deletionTimestamp: '2026-11-22T05:00:00Z' },
        },
        oldObject: rootSync(image),
      }),
    ],
    [
      'an RSync under the kind of a Pod',
      () => ({ kind: { group: '', version: 'v1', kind: 'Pod' }, object: changed() }),
    ],
    [
      'an RSync under the resource of a Pod',
      () => ({
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        object: changed(),
      }),
    ],
    [
      'a version of the group that does not exist yet',
      () => ({ object: { ...changed(), apiVersion: 'configsync.gke.io/v2' } }),
    ],
  ])('%s', async (_, options) => {
    expect(await ask(options())).toMatchObject({
      allowed: false,
      status: { code: 422, message: expect.stringContaining('no signatures found') },
    });
  });
});

describe('what is announced has to be of the spec', () => {
  it.each<[string, () => unknown, string]>([
    [
      'another image',
      () => rootSync(image, `${world.host}/configs/other:v1@sha256:${HEX}`),
      'spec.oci.image',
    ],
    [
      'another spelling of it',
      () => rootSync(image, `${image.replace(':v1', ':v2')}@sha256:${HEX}`),
      'spec.oci.image',
    ],
    [
      'an image whose end alone is the same',
      () => rootSync(image, `evil.example/${image}@sha256:${HEX}`),
      'spec.oci.image',
    ],
    ['a tag', () => rootSync(image, image), 'neither a digest'],
    [
      'a digest in capitals',
      () => rootSync(image, `${image}@sha256:${HEX.toUpperCase()}`),
      'no digest',
    ],
    [
      'a digest that is too short',
      () => rootSync(image, `${image}@sha256:${HEX.slice(1)}`),
      'no digest',
    ],
    [
      'another algorithm',
      () => rootSync(image, `${image}@sha512:${HEX}${HEX}`),
      'neither a digest',
    ],
    [
      'a digest with something behind it',
      () => rootSync(image, `${image}@sha256:${HEX} x`),
      'no digest',
    ],
    [
      'the second form of the value, for an image',
      () => rootSync(image, `${image}@sha256:1.2.3`),
      'no digest',
    ],
    [
      'an image of a git source',
      () => syncOf('RootSync', { sourceType: 'git' }, `${image}@sha256:${HEX}`),
      'spec.sourceType',
    ],
    [
      'an image of no source',
      () => syncOf('RootSync', undefined, `${image}@sha256:${HEX}`),
      'spec',
    ],
    [
      'an image of a chart',
      () =>
        syncOf(
          'RootSync',
          { sourceType: 'helm', helm: { repo: 'oci://x.example/a', chart: 'b' } },
          `${image}@sha256:${HEX}`,
        ),
      'not among the images',
    ],
    [
      'an unreadable image',
      () => rootSync('UPPER/case', `UPPER/case@sha256:${HEX}`),
      'spec.oci.image',
    ],
  ])('refuses %s', async (_, object, words) => {
    expect(await ask({ object: object() })).toMatchObject({
      allowed: false,
      status: { code: 422, reason: 'Invalid', message: expect.stringContaining(words) },
    });
    expect(world.asked).toEqual([]);
  });
});

describe('an image that no entry names', () => {
  const body = () => {
    const named = `${world.host}/elsewhere/app:v1`;
    return reviewOf({ object: rootSync(named, `${named}@sha256:${HEX}`) });
  };

  it('is denied under unmatched: deny', async () => {
    const { review } = await world.post(body());
    expect(review.response).toMatchObject({
      allowed: false,
      status: { code: 422, message: expect.stringContaining(`${world.host}/elsewhere/app`) },
      auditAnnotations: { outcome: 'unmatched' },
    });
    expect(world.asked).toEqual([]);
  });

  it('is left alone under unmatched: ignore', async () => {
    const open = await startAdmissionWorld({ unmatched: 'ignore' });
    try {
      const { review } = await open.post(body());
      expect(review.response).toMatchObject({
        allowed: true,
        auditAnnotations: { outcome: 'ignored' },
      });
      expect(open.asked).toEqual([]);
    } finally {
      await open.close();
    }
  });
});

describe('a request that contradicts itself is refused, under its uid', () => {
  it.each<[string, ReviewOptions]>([
    ['an unknown operation', { operation: 'PATCH', object: rootSync('a') }],
    [
      'no object',
      { object: null, resource: { group: 'configsync.gke.io', resource: 'rootsyncs' } },
    ],
    ['an object that is a list', { object: [] }],
    [
      'an object without metadata',
      { object: { apiVersion: 'configsync.gke.io/v1beta1', kind: 'RootSync' } },
    ],
    [
      'annotations that are a list',
      { object: syncOf('RootSync', {}, undefined, { metadata: { annotations: [] } }) },
    ],
    [
      'an annotation that is a number',
      { object: annotated(rootSync('a'), { [IMAGE_TO_SYNC]: 5 }) },
    ],
    ['a value that is too long', { object: rootSync('a', `a@sha256:${'0'.repeat(5_000)}`) }],
    [
      'a Pod in the place of a RootSync',
      { object: POD, kind: { group: 'configsync.gke.io', version: 'v1beta1', kind: 'RootSync' } },
    ],
    [
      'an old object that cannot be read',
      { object: rootSync('a', 'a@sha256:b'), oldObject: { kind: 5 } },
    ],
  ])('%s', async (_, options) => {
    expect(await ask(options)).toMatchObject({
      allowed: false,
      status: { code: 400, reason: 'BadRequest' },
      auditAnnotations: { outcome: 'unreadable' },
    });
  });
});
