import { constants, createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { SignatureHash } from '#shared/core/policy.ts';
import { chooseAlgorithm } from '#shared/trust/algorithms.ts';
import { isEcdsaSignature } from '#shared/trust/algorithms.ts';
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
type SignWith = (bytes: Buffer, key: SigningKey) => Buffer;
const DIGEST = digestOf(Buffer.from('image'));

async function outcomeOf(
  signer: SigningKey,
  trusted = signer,
  signWith: typeof signLegacy | typeof signBundle = signLegacy,
  hash?: SignatureHash,
) {
  const registry = createMemoryRegistry();
  signWith(registry, REPOSITORY, DIGEST, signer);
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: () => 0 });
  const subject = { repository: REPOSITORY, digest: DIGEST };
  const policy = keyPolicy([trusted]);
  const [authority] = policy.authorities;
  if (authority?.type !== 'key') throw new Error('a policy of a key has one');
  const key = hash === undefined ? { pem: trusted.pem } : { pem: trusted.pem, hash };
  const pinned = { ...policy, authorities: [{ ...authority, key }] };
  const verdict = await verifier.verify(subject, pinned);
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

  const hashes = ['sha256', 'sha384', 'sha512'] as const;
  const hashed =
    (hash: string): SignWith =>
    (bytes, { privateKey }) =>
      sign(hash, bytes, privateKey);
  const p1363 =
    (hash: string): SignWith =>
    (bytes, { privateKey }) =>
      sign(hash, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const made: readonly (readonly [string, KeyKind, SignWith])[] = hashes.flatMap((hash) => [
    ...(['P-256', 'P-384', 'P-521', 'RSA 2048', 'RSA 4096'] as const).map(
      (kind) => [hash, kind, hashed(hash)] as const,
    ),
    ...(['P-256', 'P-384', 'P-521'] as const).map(
      (kind) => [`${hash} in P1363`, kind, p1363(hash)] as const,
    ),
  ]);
  it.each(made)(
    'with %s of %s verifies in both forms, and by no other key',
    async (_, kind, by) => {
      const key = createSigningKey(kind);
      const signer = { ...key, sign: (bytes: Buffer) => by(bytes, key) };
      await expect(outcomeOf(signer, key)).resolves.toBe('verified');
      await expect(outcomeOf(signer, key, signBundle)).resolves.toBe('verified');
      await expect(outcomeOf(signer, createSigningKey(kind))).resolves.toBe('wrong-key');
    },
  );

  it.each(made)(
    'with %s of %s counts where the policy pins that hash alone',
    async (name, kind, by) => {
      const key = createSigningKey(kind);
      const signer = { ...key, sign: (bytes: Buffer) => by(bytes, key) };
      for (const hash of hashes) {
        const outcome = name.startsWith(hash) ? 'verified' : 'wrong-key';
        await expect(outcomeOf(signer, key, signLegacy, hash)).resolves.toBe(outcome);
      }
    },
  );

  const swaps: readonly [string, KeyKind, SignWith][] = [
    ['P-256 with SHA-1', 'P-256', (bytes, key) => sign('sha1', bytes, key.privateKey)],
    ['P-384 with SHA-224', 'P-384', (bytes, key) => sign('sha224', bytes, key.privateKey)],
    ['P-256 with SHA3-256', 'P-256', (bytes, key) => sign('sha3-256', bytes, key.privateKey)],
    ['RSA with SHA-1', 'RSA 2048', (bytes, key) => sign('sha1', bytes, key.privateKey)],
    ['RSA with SHA-224', 'RSA 2048', (bytes, key) => sign('sha224', bytes, key.privateKey)],
    [
      'RSA with PSS',
      'RSA 2048',
      (bytes, { privateKey }) =>
        sign('sha256', bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
    ],
    [
      'P-256 over the digest in place of the bytes',
      'P-256',
      (bytes, key) => sign('sha256', createHash('sha256').update(bytes).digest(), key.privateKey),
    ],
  ];
  it.each(swaps)('of %s does not', async (_, kind, signWith) => {
    const key = createSigningKey(kind);
    const swapped = { ...key, sign: (bytes: Buffer) => signWith(bytes, key) };
    await expect(outcomeOf(swapped, key)).resolves.toBe('wrong-key');
  });

  // Bytes of r and s, of n, and of what is next to them: none is a second spelling of a good signature.
  const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const number = (value: bigint, bytes = 32): Buffer =>
    Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex');
  const value = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
  const der = (...numbers: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(
      numbers.map((one) => Buffer.concat([Buffer.from([2, one.length]), one])),
    );
    return Buffer.concat([Buffer.from([0x30, body.length]), body]);
  };
  const spelt: readonly [string, (r: bigint, s: bigint) => Buffer, string][] = [
    [
      'one byte short',
      (r, s) => Buffer.concat([number(r), number(s)]).subarray(1),
      'bad-signature',
    ],
    [
      'one byte long',
      (r, s) => Buffer.concat([number(r), number(s), number(0n, 1)]),
      'bad-signature',
    ],
    ['padded to P-384', (r, s) => Buffer.concat([number(r, 48), number(s, 48)]), 'bad-signature'],
    ['r of zero', (_, s) => Buffer.concat([number(0n), number(s)]), 'wrong-key'],
    ['s of zero', (r) => Buffer.concat([number(r), number(0n)]), 'wrong-key'],
    ['r of n', (_, s) => Buffer.concat([number(N), number(s)]), 'wrong-key'],
    ['s more by n, in DER', (r, s) => der(number(r, 33), number(s + N, 33)), 'wrong-key'],
    ['r more by n, in DER', (r, s) => der(number(r + N, 33), number(s, 33)), 'wrong-key'],
    ['r less than zero', (r, s) => der(number(2n ** 256n - r), number(s, 33)), 'wrong-key'],
    ['numbers swapped', (r, s) => Buffer.concat([number(s), number(r)]), 'wrong-key'],
    [
      'numbers with a zero too many, in DER',
      (r, s) => der(number(r, 34), number(s, 34)),
      'wrong-key',
    ],
  ];
  it.each(spelt)('of P-256 with %s is no signature', async (_, spell, outcome) => {
    const key = createSigningKey();
    const misspelt = {
      ...key,
      sign(bytes: Buffer) {
        const good = sign('sha256', bytes, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
        return spell(value(good.subarray(0, 32)), value(good.subarray(32)));
      },
    };
    await expect(outcomeOf(misspelt, key)).resolves.toBe(outcome);
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
