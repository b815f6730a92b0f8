import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { openImages } from '#functions/wiring/images.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import type { BlobSource, Registry } from '#shared/registry/registry.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { MAX_CONCURRENT_FETCHES, MAX_REFERRERS } from '#shared/trust/limits.ts';
import {
  createSigningKey,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  putBundle,
  putSignatureTag,
  SIMPLE_SIGNING,
  signBundle,
  signLegacy,
} from '#test/fakes/cosign.ts';
import {
  createMemoryRegistry,
  digestOf,
  type MemoryRegistry,
} from '#test/fakes/memory-registry.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { roundsOf } from '#test/fixtures/rounds.ts';
import { keylessPolicy } from '#test/fixtures/sigstore/policies.ts';
import {
  createPrivateSigstore,
  type PrivateSigstore,
  type Signer,
} from '#test/fixtures/sigstore/private-sigstore.ts';
import { keylessBundle, legacyAnnotations } from '#test/fixtures/sigstore/sign-keyless.ts';
import { tarOf, yamlAt } from '#test/fixtures/tar-builder.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const key = createSigningKey();

let sigstore: PrivateSigstore;
let signer: Signer;
beforeAll(async () => {
  sigstore = await createPrivateSigstore();
  signer = await sigstore.certify();
});

let registry: MemoryRegistry;
let names: Map<string, string>;
let image: `sha256:${string}`;
beforeEach(() => {
  registry = createMemoryRegistry();
  names = new Map();
  image = push(tarOf(yamlAt('a.yaml')));
});

/** Pushes an image of these layers, lowest first. */
function push(...layers: readonly Buffer[]): `sha256:${string}` {
  const pushed = layers.map((layer, at) => {
    const descriptor = registry.putBlob(REPOSITORY, gzipSync(layer));
    names.set(descriptor.digest, `layer ${at}`);
    return descriptor;
  });
  const config = registry.putBlob(REPOSITORY, '{}');
  const body = { schemaVersion: 2, mediaType: MEDIA_TYPE, config, layers: pushed };
  const { digest } = registry.putManifest(REPOSITORY, body);
  names.set(digest, 'image');
  const tag = `sha256-${digest.slice('sha256:'.length)}`;
  names.set(tag, 'fallback').set(`${tag}.sig`, '.sig');
  return digest;
}

/** What every function judges images with, its memory empty. */
function open(held: Registry & BlobSource, policy: TrustPolicy) {
  return openImages(
    {
      config: { images: [RULE], trust: { release: policy } },
      telemetry: noTelemetry,
      tracks: undefined,
      now: () => sigstore.now,
    },
    createCachedRegistry(held),
  );
}

/** The requests of a verification with nothing remembered, by rounds, and what came of it. */
async function verify(policy: TrustPolicy) {
  let verdict: Verdict | undefined;
  const rounds = await roundsOf(
    async (held) => {
      const { verifier } = open(held, policy);
      verdict = await verifier.verify({ repository: REPOSITORY, digest: image }, policy);
    },
    registry,
    names,
  );
  return { rounds, verdict };
}

/** What can be asked for with nothing but a digest at hand. */
const FIRST = ['manifest .sig', 'manifest fallback', 'manifest image', 'referrers image'];

const OF_CONTENT = ['manifest image', 'blob layer 0'];

it('reads a legacy signature in two rounds', async () => {
  signLegacy(registry, REPOSITORY, image, key);
  names.set(digestOf(Buffer.from(legacyPayload(image))), 'payload');
  const { rounds, verdict } = await verify(keyPolicy([key]));
  expect(rounds).toEqual([FIRST, ['blob layer 0', 'blob payload']]);
  expect(verdict).toMatchObject({ status: 'verified' });
});

it('reads a bundle in three rounds, as its list, its manifest and its blob lead to each other', async () => {
  const { digest } = signBundle(registry, REPOSITORY, image, key);
  names.set(digest, 'bundle');
  const { rounds, verdict } = await verify(keyPolicy([key]));
  expect(rounds).toEqual([FIRST, ['blob layer 0', 'manifest bundle'], [expect.anything()]]);
  expect(verdict).toMatchObject({ status: 'verified' });
});

it('reads a keyless bundle in three rounds, and a keyless legacy signature in two', async () => {
  const policy = keylessPolicy(sigstore.root());
  const bundle = await keylessBundle(sigstore, signer, image, {});
  const descriptor = putBundle(registry, REPOSITORY, image, bundle);
  registry.addReferrer(REPOSITORY, image, descriptor);
  const bundled = await verify(policy);
  expect(bundled.rounds.map((round) => round.length)).toEqual([4, 2, 1]);
  expect(bundled.verdict).toMatchObject({ status: 'verified' });

  image = push(tarOf(yamlAt('b.yaml')));
  const payload = Buffer.from(legacyPayload(image));
  const annotations = await legacyAnnotations(sigstore, signer, payload);
  const blob = registry.putBlob(REPOSITORY, payload);
  const layer = { ...blob, mediaType: SIMPLE_SIGNING, annotations };
  putSignatureTag(registry, REPOSITORY, image, [layer]);
  const legacy = await verify(policy);
  expect(legacy.rounds.map((round) => round.length)).toEqual([4, 2]);
  expect(legacy.verdict).toMatchObject({ status: 'verified' });
});

it('reads the signatures of many signers in the rounds of one', async () => {
  const others = [createSigningKey(), createSigningKey()];
  for (const one of [key, ...others]) signBundle(registry, REPOSITORY, image, one);
  const layers = [key, ...others].map((one, at) =>
    legacyLayer(registry, REPOSITORY, legacyPayload(image, { at }), one),
  );
  putSignatureTag(registry, REPOSITORY, image, layers);
  const { rounds, verdict } = await verify(keyPolicy([key, ...others]));
  expect(rounds).toHaveLength(3);
  expect(verdict).toMatchObject({ status: 'verified' });
});

it('asks for four layers in one round, and reads them in order', async () => {
  image = push(...['a', 'b', 'c', 'd', 'e'].map((name) => tarOf(yamlAt(`${name}.yaml`))));
  const { rounds, verdict } = await verify(keyPolicy([key]));
  expect(rounds).toEqual([
    FIRST,
    ['blob layer 1', 'blob layer 2', 'blob layer 3', 'blob layer 4'],
    ['blob layer 0'],
  ]);
  expect(verdict).toMatchObject({ status: 'unsigned' });
});

it('asks an unsigned image for nothing more than it did one by one', async () => {
  const { rounds, verdict } = await verify(keyPolicy([key]));
  expect(rounds).toEqual([FIRST, ['blob layer 0']]);
  expect(verdict).toMatchObject({ status: 'unsigned' });
});

it('has hostile referrers read by eight requests at once, and no more of them than before', async () => {
  for (let at = 0; at < MAX_REFERRERS + 44; at += 1) {
    const manifest = { annotations: { at: String(at) }, layers: [] };
    const junk = putBundle(registry, REPOSITORY, image, {}, { manifest });
    registry.addReferrer(REPOSITORY, image, junk);
  }
  const { rounds, verdict } = await verify(keyPolicy([key]));
  const signatures = rounds.map((round) => round.filter((one) => !OF_CONTENT.includes(one)));
  expect(Math.max(...signatures.map((round) => round.length))).toBe(MAX_CONCURRENT_FETCHES);
  expect(rounds.flat()).toHaveLength(FIRST.length + 1 + MAX_REFERRERS);
  expect(verdict).toMatchObject({ status: 'untrusted' });
});

it('asks for the layers of many images together, whatever waits to be unpacked', async () => {
  const images = ['a', 'b', 'c', 'd', 'e'].map((name) => push(tarOf(yamlAt(`${name}.yaml`))));
  const rounds = await roundsOf(
    async (held) => {
      const { verifier } = open(held, keyPolicy([key]));
      const subjects = images.map((digest) => ({ repository: REPOSITORY, digest }));
      await Promise.all(subjects.map((subject) => verifier.verify(subject, keyPolicy([key]))));
    },
    registry,
    names,
  );
  expect(rounds.map((round) => round.length)).toEqual([images.length * 4, images.length]);
});
