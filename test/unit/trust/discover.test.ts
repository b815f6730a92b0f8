import { setImmediate as nextTurn } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from 'vitest';

import type { Descriptor, Registry } from '#shared/registry/registry.ts';
import { type Candidate, isRefusal } from '#shared/trust/candidate.ts';
import { discover } from '#shared/trust/discover.ts';
import {
  BUNDLE,
  bundleOf,
  createSigningKey,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  putBundle,
  putFallback,
  signBundle,
  signLegacy,
  SIMPLE_SIGNING,
  statementOf,
} from '#test/fakes/cosign.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { until } from '#test/fixtures/until.ts';
import {
  createMemoryRegistry,
  digestOf,
  type MemoryRegistry,
} from '#test/fakes/memory-registry.ts';

const REPOSITORY = 'registry.example/configs/platform';
/** Held: it passes when a test says so. */
const HELD_MS = 54_321;
const IMAGE = digestOf(Buffer.from('image'));
const INDEX = digestOf(Buffer.from('index'));
const SUBJECT = { repository: REPOSITORY, digest: IMAGE };
const EXPERIMENTAL = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const key = createSigningKey();
const policy = keyPolicy([key]);

let registry: MemoryRegistry;

beforeEach(() => {
  registry = createMemoryRegistry();
});

async function find(timeoutMs?: number): Promise<readonly Candidate[]> {
  const { candidates } = await discover(
    SUBJECT,
    policy,
    timeoutMs === undefined ? { registry } : { registry, timeoutMs },
  );
  return candidates;
}

function goodBundle(): Descriptor {
  return putBundle(registry, REPOSITORY, IMAGE, bundleOf(statementOf(IMAGE), key));
}

/** The experimental referrer form: layers of the legacy one, some without an artifact type of the manifest. */
function experimental(artifactType: string | undefined): Descriptor {
  const layer = legacyLayer(registry, REPOSITORY, legacyPayload(IMAGE), key);
  const manifest = registry.putManifest(REPOSITORY, {
    config: { mediaType: EXPERIMENTAL, digest: IMAGE, size: 2 },
    layers: [layer],
    ...(artifactType === undefined ? {} : { artifactType }),
  });
  const { digest, mediaType, bytes } = manifest;
  return { digest, mediaType, size: bytes.length };
}

describe('discover()', () => {
  it.each<[string, () => Descriptor, 'legacy' | 'bundle']>([
    ['a bundle', goodBundle, 'bundle'],
    ['the experimental form', () => experimental(EXPERIMENTAL), 'legacy'],
    ['the experimental form of older versions', () => experimental(undefined), 'legacy'],
  ])('finds %s by the referrers API and by the fallback tag, once', async (_, push, format) => {
    const descriptor = push();
    registry.addReferrer(REPOSITORY, IMAGE, descriptor);
    await expect(find()).resolves.toMatchObject([{ format, subject: IMAGE }]);
    putFallback(registry, REPOSITORY, IMAGE, [descriptor]);
    await expect(find()).resolves.toMatchObject([{ format }]);
    registry.dropReferrersApi();
    await expect(find()).resolves.toMatchObject([{ format }]);
  });

  it.each([
    ['no artifact type', {}],
    ['an empty one', { artifactType: '' }],
    ['that of an empty config', { artifactType: 'application/vnd.oci.empty.v1+json' }],
    ['that of something else', { artifactType: 'application/spdx+json' }],
    ['annotations that say otherwise', { annotations: { 'dev.sigstore.bundle.content': 'sbom' } }],
  ])('believes no descriptor: one with %s leads to the bundle', async (_, claims) => {
    const { digest, mediaType, size } = goodBundle();
    putFallback(registry, REPOSITORY, IMAGE, [{ digest, mediaType, size, ...claims }]);
    await expect(find()).resolves.toMatchObject([{ format: 'bundle', source: digest }]);
  });

  it('finds all forms together and keeps the subject of each', async () => {
    signLegacy(registry, REPOSITORY, IMAGE, key);
    signBundle(registry, REPOSITORY, IMAGE, key);
    signBundle(registry, REPOSITORY, INDEX, key);
    const found = await discover({ ...SUBJECT, index: INDEX }, policy, { registry });
    const subjects = found.candidates.map((one) => (isRefusal(one) ? one.refused : one.subject));
    expect(subjects).toEqual([IMAGE, IMAGE, INDEX]);
  });

  it('leaves alone what calls itself something else', async () => {
    const layers = [{ ...registry.putBlob(REPOSITORY, '{}'), mediaType: 'application/spdx+json' }];
    const parts = { manifest: { artifactType: 'application/spdx+json', layers } };
    registry.addReferrer(REPOSITORY, IMAGE, putBundle(registry, REPOSITORY, IMAGE, {}, parts));
    const nested = putFallback(registry, REPOSITORY, INDEX, []);
    registry.addReferrer(REPOSITORY, IMAGE, {
      digest: nested.digest,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      size: nested.bytes.length,
    });
    registry.putManifest(REPOSITORY, { layers: [] }, `sha256-${IMAGE.slice(7)}`);
    await expect(find()).resolves.toEqual([]);
  });

  it.each([
    ['bundle', { artifactType: BUNDLE, layers: [] }],
    ['experimental signature', { config: { mediaType: EXPERIMENTAL }, layers: [{}] }],
  ])('refuses a manifest that calls itself a %s and holds none', async (_, manifest) => {
    const parts = { manifest: { artifactType: undefined, ...manifest } };
    registry.addReferrer(REPOSITORY, IMAGE, putBundle(registry, REPOSITORY, IMAGE, {}, parts));
    await expect(find()).resolves.toMatchObject([{ refused: 'malformed', format: 'unknown' }]);
  });

  it('passes over a referrer that is listed and gone', async () => {
    registry.addReferrer(REPOSITORY, IMAGE, { digest: INDEX, mediaType: BUNDLE, size: 1 });
    await expect(find()).resolves.toEqual([]);
  });

  it('refuses a signature whose blob is gone', async () => {
    const layer = { mediaType: BUNDLE, digest: INDEX, size: 5 };
    const gone = putBundle(registry, REPOSITORY, IMAGE, {}, { layer });
    registry.addReferrer(REPOSITORY, IMAGE, gone);
    await expect(find()).resolves.toMatchObject([{ refused: 'malformed', format: 'bundle' }]);
  });

  it('fetches a payload that signatures share once', async () => {
    const layer = legacyLayer(registry, REPOSITORY, legacyPayload(IMAGE), key);
    const config = { mediaType: SIMPLE_SIGNING };
    const tag = `sha256-${IMAGE.slice(7)}.sig`;
    registry.putManifest(REPOSITORY, { config, layers: [layer, layer, layer] }, tag);
    await expect(find()).resolves.toHaveLength(3);
    expect(registry.calls.filter((call) => call.startsWith('blob'))).toHaveLength(1);
  });

  it('reads the manifests of 256 referrers at most, those that may be signatures first', async () => {
    for (let at = 0; at < 300; at++) {
      const manifest = { annotations: { at: String(at) }, layers: [] };
      const other = putBundle(registry, REPOSITORY, IMAGE, {}, { manifest });
      registry.addReferrer(REPOSITORY, IMAGE, { ...other, artifactType: 'application/spdx+json' });
    }
    const { digest: source } = signBundle(registry, REPOSITORY, IMAGE, key);
    const found = await find();
    expect(found.find((one) => !isRefusal(one))).toMatchObject({ format: 'bundle', source });
    expect(found.filter(isRefusal).at(-1)).toMatchObject({ refused: 'too-many' });
    const byDigest = `manifest ${REPOSITORY} sha256:`;
    expect(registry.calls.filter((call) => call.startsWith(byDigest))).toHaveLength(256);
  });

  it('examines 256 signatures of all referrers together', async () => {
    const blob = { ...registry.putBlob(REPOSITORY, '{}'), mediaType: BUNDLE };
    for (let at = 0; at < 2; at++) {
      const layers = Array.from({ length: 200 }, () => blob);
      const parts = { manifest: { annotations: { at: String(at) }, layers } };
      registry.addReferrer(REPOSITORY, IMAGE, putBundle(registry, REPOSITORY, IMAGE, {}, parts));
    }
    const found = await find();
    expect(found).toHaveLength(256 + 1);
    expect(found.at(-1)).toMatchObject({ refused: 'too-many' });
  });

  it('has eight requests under way at most', async () => {
    for (let at = 0; at < 40; at++) {
      const parts = { manifest: { annotations: { at: String(at) } } };
      registry.addReferrer(
        REPOSITORY,
        IMAGE,
        putBundle(registry, REPOSITORY, IMAGE, { at }, parts),
      );
    }
    let now = 0;
    let most = 0;
    async function counted<T>(call: () => Promise<T>): Promise<T> {
      most = Math.max(most, ++now);
      await nextTurn();
      now--;
      return call();
    }
    const slow: Registry = {
      manifest: (...args) => counted(() => registry.manifest(...args)),
      blob: (...args) => counted(() => registry.blob(...args)),
      referrers: (...args) => counted(() => registry.referrers(...args)),
    };
    await discover(SUBJECT, policy, { registry: slow });
    expect(most).toBe(8);
  });

  it('gives up on a registry that drips, and asks it nothing more', async () => {
    for (let at = 0; at < 40; at++) {
      const parts = { manifest: { annotations: { at: String(at) } } };
      registry.addReferrer(
        REPOSITORY,
        IMAGE,
        putBundle(registry, REPOSITORY, IMAGE, { at }, parts),
      );
    }
    const dripping = Promise.withResolvers<undefined>();
    const asked: string[] = [];
    const slow: Registry = {
      ...registry,
      manifest: async (repository, reference) => {
        asked.push(reference);
        return reference.startsWith('sha256:')
          ? dripping.promise
          : registry.manifest(repository, reference);
      },
    };
    using deadline = holdTimers(HELD_MS);
    const finding = discover(SUBJECT, policy, { registry: slow, timeoutMs: HELD_MS });
    const failing = finding;
    await until(() => asked.length === 2 + 8);
    deadline.pass();
    await expect(failing).rejects.toMatchObject({ code: 'deadline-exceeded' });
    const { length } = asked;
    dripping.resolve(undefined);
    await nextTurn();
    expect(asked).toHaveLength(length);
    expect(length).toBe(2 + 8);
  });

  it('begins no request for who has left', async () => {
    for (let at = 0; at < 20; at += 1) {
      const manifest = { annotations: { at: String(at) }, layers: [] };
      const junk = putBundle(registry, REPOSITORY, IMAGE, {}, { manifest });
      registry.addReferrer(REPOSITORY, IMAGE, junk);
    }
    const leaving = new AbortController();
    const asked: string[] = [];
    const watched: Registry = {
      ...registry,
      manifest(repository, reference) {
        asked.push(reference);
        if (reference.startsWith('sha256:')) leaving.abort();
        return registry.manifest(repository, reference);
      },
    };
    const { signal } = leaving;
    await expect(discover(SUBJECT, policy, { registry: watched, signal })).rejects.toThrow(
      'aborted',
    );
    expect(asked.filter((reference) => reference.startsWith('sha256:'))).toHaveLength(1);
  });
});
