import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { chooseAlgorithm } from '#shared/trust/algorithms.ts';
import { isEcdsaSignature } from '#shared/trust/ecdsa-signature.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import {
  createSigningKey,
  keyPolicy,
  type SigningKey,
  signBundle,
  signLegacy,
} from '#test/fakes/cosign.ts';
import type { KeyKind } from '#test/fakes/key-kinds.ts';
import { createMemoryRegistry, digestOf } from '#test/fakes/memory-registry.ts';

const REPOSITORY = 'registry.example/configs/platform';
const DIGEST = digestOf(Buffer.from('image'));

async function outcomeOf(
  signer: SigningKey,
  trusted = signer,
  signWith: typeof signLegacy | typeof signBundle = signLegacy,
) {
  const registry = createMemoryRegistry();
  signWith(registry, REPOSITORY, DIGEST, signer);
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: () => 0 });
  const subject = { repository: REPOSITORY, digest: DIGEST };
  const verdict = await verifier.verify(subject, keyPolicy([trusted]));
  if (verdict.status === 'verified') return 'verified';
  return verdict.status === 'untrusted' ? verdict.candidates[0]?.reason : verdict.status;
}

const AS_COSIGN: readonly KeyKind[] = [
  'P-256',
  'P-384',
  'P-521',
  'Ed25519',
  'Ed25519ph',
  'RSA 2048',
  'RSA 3072',
  'RSA 4096',
  'RSA-PSS',
  'RSA-PSS, SHA-512',
];

describe('a signature by a key', () => {
  it.each(AS_COSIGN)('of %s verifies in both forms, and by no other key', async (kind) => {
    const key = createSigningKey(kind);
    const other = createSigningKey(kind);
    await expect(outcomeOf(key)).resolves.toBe('verified');
    await expect(outcomeOf(key, key, signBundle)).resolves.toBe('verified');
    await expect(outcomeOf(other, key)).resolves.toBe('wrong-key');
  });

  const swaps: readonly [string, KeyKind, (bytes: Buffer, key: SigningKey) => Buffer][] = [
    ['P-384', 'P-384', (bytes, key) => sign('sha256', bytes, key.privateKey)],
    ['P-521', 'P-521', (bytes, key) => sign('sha256', bytes, key.privateKey)],
    ['P-256', 'P-256', (bytes, key) => sign('sha512', bytes, key.privateKey)],
    ['RSA', 'RSA 2048', (bytes, key) => sign('sha1', bytes, key.privateKey)],
    ['RSA', 'RSA 2048', (bytes, key) => sign('sha512', bytes, key.privateKey)],
    [
      'RSA',
      'RSA 2048',
      (bytes, { privateKey }) =>
        sign('sha256', bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
    ],
  ];
  it.each(swaps)('of %s made with another hash or padding does not', async (_, kind, signWith) => {
    const key = createSigningKey(kind);
    const swapped = { ...key, sign: (bytes: Buffer) => signWith(bytes, key) };
    await expect(outcomeOf(swapped, key)).resolves.toBe('wrong-key');
  });

  it.each(AS_COSIGN)('of %s is refused when it is not shaped like one', async (kind) => {
    const key = createSigningKey(kind);
    for (const bytes of [Buffer.alloc(1), Buffer.alloc(64, 1).subarray(1), Buffer.alloc(600)]) {
      await expect(outcomeOf({ ...key, sign: () => bytes }, key)).resolves.toBe('bad-signature');
    }
  });
});

describe('chooseAlgorithm()', () => {
  it.each([
    ['RSA of 2047 bits', generateKeyPairSync('rsa', { modulusLength: 2047 }), 'weak-key'],
    [
      'RSA with the exponent 3',
      generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
      'weak-key',
    ],
    ['RSA-PSS of 1024 bits', generateKeyPairSync('rsa-pss', { modulusLength: 1024 }), 'weak-key'],
    [
      'RSA-PSS with SHA-1',
      generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        hashAlgorithm: 'sha1',
        mgf1HashAlgorithm: 'sha1',
      }),
      'weak-key',
    ],
    ['P-224', generateKeyPairSync('ec', { namedCurve: 'secp224r1' }), 'unsupported-algorithm'],
    ['Ed448', generateKeyPairSync('ed448'), 'unsupported-algorithm'],
    ['ML-DSA', generateKeyPairSync('ml-dsa-44'), 'unsupported-algorithm'],
  ] as const)('refuses %s', (_, { publicKey }, refused) => {
    expect(chooseAlgorithm(publicKey)).toMatchObject({ refused });
  });

  it('refuses RSA with an exponent of 1, which signs anything', () => {
    const { n = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      format: 'jwk',
    });
    const one = createPublicKey({ key: { kty: 'RSA', n, e: 'AQ' }, format: 'jwk' });
    expect(chooseAlgorithm(one)).toMatchObject({ refused: 'weak-key' });
  });
});

describe('isEcdsaSignature()', () => {
  it.each(['P-256', 'P-384', 'P-521'] as const)('knows every signature of %s', (kind) => {
    const key = createSigningKey(kind);
    for (let at = 0; at < 50; at++) {
      expect(isEcdsaSignature(sign('sha256', Buffer.from([at]), key.privateKey))).toBe(true);
    }
  });

  it.each([
    ['nothing', ''],
    ['no sequence', '3106020101020101'],
    ['one integer', '3003020101'],
    ['three integers', '3009020101020101020101'],
    ['bytes after it', '300602010102010100'],
    ['a length past the end', '3007020101020101'],
    ['an inner length past the end', '3006020505020101'],
    ['an empty integer', '30050200020101'],
    ['a long length where a short one does', '308106020101020101'],
    ['an indefinite length', '30800201010201010000'],
    ['a text instead of an integer', '30060c0101020101'],
  ])('refuses %s', (_, hex) => {
    expect(isEcdsaSignature(Buffer.from(hex, 'hex'))).toBe(false);
  });
});
