import { beforeEach, describe, expect, it } from 'vitest';

import { CountersignError } from '#shared/core/errors.ts';
import { createKeyLoader, type KeyLoader, readPublicKey } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { createSigningKey, keyPolicy, signBundle, signLegacy } from '#test/fakes/cosign.ts';
import type { KeyKind } from '#test/fakes/key-kinds.ts';
import { createFakeKms, type FakeKms } from '#test/fakes/kms.ts';
import { createMemoryRegistry, digestOf } from '#test/fakes/memory-registry.ts';

const NAME = 'projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';
const SOURCE = { kms: `gcpkms://${NAME}` };
const key = createSigningKey();
const TEN_MINUTES = 10 * 60_000;

let kms: FakeKms;
let time: number;
let load: KeyLoader;

beforeEach(() => {
  kms = createFakeKms();
  kms.putKey(NAME, key.pem, 'EC_SIGN_P256_SHA256');
  time = 0;
  load = createKeyLoader({
    kms: { fetch: kms.fetch, googleToken: async () => 'token', now: () => time },
  });
});

describe('a key of Cloud KMS', () => {
  it.each<[string, KeyKind]>([
    ['EC_SIGN_P256_SHA256', 'P-256'],
    ['EC_SIGN_P384_SHA384', 'P-384'],
    ['EC_SIGN_ED25519', 'Ed25519'],
    ['RSA_SIGN_PKCS1_2048_SHA256', 'RSA 2048'],
    ['RSA_SIGN_PKCS1_4096_SHA256', 'RSA 4096'],
    ['RSA_SIGN_PKCS1_4096_SHA512', 'RSA 4096, SHA-512'],
    ['RSA_SIGN_PSS_2048_SHA256', 'RSA 2048, PSS'],
    ['RSA_SIGN_PSS_4096_SHA512', 'RSA 4096, PSS, SHA-512'],
  ])('that is %s verifies what it signed, in both forms', async (algorithm, kind) => {
    const signer = createSigningKey(kind);
    kms.putKey(NAME, signer.pem, algorithm);
    const [authority] = keyPolicy([signer]).authorities;
    if (authority?.type !== 'key') throw new Error('the policy has a key');
    const policy = keyPolicy([signer], { authorities: [{ ...authority, key: SOURCE }] });
    for (const signWith of [signLegacy, signBundle]) {
      const registry = createMemoryRegistry();
      const digest = digestOf(Buffer.from(kind));
      signWith(registry, 'registry.example/configs', digest, signer);
      const verifier = createVerifier({ registry, keys: load, now: () => time });
      const subject = { repository: 'registry.example/configs', digest };
      await expect(verifier.verify(subject, policy)).resolves.toMatchObject({ status: 'verified' });
    }
  });

  it('is asked for at Google, with our token', async () => {
    await load(SOURCE, 'release');
    const url = `https://cloudkms.googleapis.com/v1/${NAME}/publicKey`;
    expect(kms.requests).toEqual([`GET ${url} Bearer token`]);
  });

  it('counts once beside the same key as PEM', async () => {
    const { thumbprint } = await readPublicKey(key.pem, 'release');
    await expect(load(SOURCE, 'release')).resolves.toMatchObject({ thumbprint, hint: key.hint });
  });

  it.each([
    'RSA_SIGN_RAW_PKCS1_2048',
    'EC_SIGN_SECP256K1_SHA256',
    'RSA_DECRYPT_OAEP_2048_SHA256',
    'RSA_SIGN_PSS_2048_SHA256X',
    'constructor',
  ])('that is %s is not trusted', async (algorithm) => {
    kms.putKey(NAME, key.pem, algorithm);
    await expect(load(SOURCE, 'release')).resolves.toMatchObject({
      algorithm: { refused: 'unsupported-algorithm', detail: expect.stringContaining(algorithm) },
    });
  });

  it('is fetched once by many, and again after ten minutes', async () => {
    await Promise.all([load(SOURCE, 'a'), load(SOURCE, 'b')]);
    time = TEN_MINUTES - 1;
    await load(SOURCE, 'a');
    expect(kms.requests).toHaveLength(1);
    time = TEN_MINUTES;
    await load(SOURCE, 'a');
    expect(kms.requests).toHaveLength(2);
  });

  it('that was disabled is used no more once that is known', async () => {
    await load(SOURCE, 'release');
    kms.fail(400, { error: { status: 'FAILED_PRECONDITION', message: `${NAME} is DISABLED.` } });
    await expect(load(SOURCE, 'release')).resolves.toBeDefined();
    time = TEN_MINUTES;
    await expect(load(SOURCE, 'release')).rejects.toMatchObject({
      code: 'key-unavailable',
      retry: false,
      message: expect.stringMatching(/"release" is DISABLED/),
    });
  });

  it('is asked for again after a failure', async () => {
    const failing = createFakeKms();
    failing.fail(503);
    let current = failing;
    const loader = createKeyLoader({
      kms: {
        fetch: (...args) => current.fetch(...args),
        googleToken: async () => 'token',
        now: () => 0,
      },
    });
    await expect(loader(SOURCE, 'release')).rejects.toMatchObject({ code: 'key-unavailable' });
    current = kms;
    await expect(loader(SOURCE, 'release')).resolves.toMatchObject({ hint: key.hint });
  });
});

describe('a key that cannot be had', () => {
  it.each([
    [401, false],
    [403, false],
    [404, false],
    [400, false],
    [429, true],
    [500, true],
    [503, true],
  ])('fails with %i as key-unavailable, retry %s', async (status, retry) => {
    kms.fail(status);
    await expect(load(SOURCE, 'release')).rejects.toMatchObject({
      code: 'key-unavailable',
      retry,
      message: expect.stringContaining('"release"'),
    });
  });

  it.each([
    ['another checksum', { pemCrc32c: '1' }],
    ['no checksum', { pemCrc32c: undefined }],
    ['another name', { name: NAME.replace('/k/', '/other/') }],
    ['no key', { pem: undefined }],
    ['no algorithm', { algorithm: undefined }],
    ['the algorithm of another key', { algorithm: 'EC_SIGN_P384_SHA384' }],
    ['a checksum that is no text', { pemCrc32c: 1 }],
    ['more than a key', { pad: 'x'.repeat(100_000) }],
  ])('is refused with %s', async (_, overrides) => {
    kms.putKey(NAME, key.pem, 'EC_SIGN_P256_SHA256', overrides);
    await expect(load(SOURCE, 'release')).rejects.toMatchObject({
      code: 'key-unavailable',
      retry: true,
    });
  });

  it('fails so when there is no network, no answer in JSON, and no token', async () => {
    const googleToken = async (): Promise<string> => 'token';
    const denied = new CountersignError('registry-denied', 'Not our identity');
    const worlds = [
      { fetch: () => Promise.reject(new TypeError('fetch failed')), googleToken, retry: true },
      { fetch: async () => new Response('<html>'), googleToken, retry: true },
      { fetch: kms.fetch, googleToken: () => Promise.reject(denied), retry: false },
    ];
    for (const { retry, ...deps } of worlds) {
      const loader = createKeyLoader({ kms: { ...deps, now: () => 0 } });
      const expected = { code: 'key-unavailable', retry };
      await expect(loader(SOURCE, 'release')).rejects.toMatchObject(expected);
    }
  });

  it.each([
    'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k',
    `gcpkms://${NAME}/../../2`,
    `gcpkms://${NAME}?x=`,
    `https://evil.example/${NAME}`,
    `gcpkms://evil.example/${NAME}`,
    `gcpkms://${NAME}\n`,
  ])('is not asked for as %j', async (kmsUri) => {
    await expect(load({ kms: kmsUri }, 'release')).rejects.toMatchObject({
      code: 'key-unavailable',
      retry: false,
    });
    expect(kms.requests).toEqual([]);
  });
});
