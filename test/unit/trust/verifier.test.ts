import { generateKeyPairSync } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { CountersignError } from '#shared/core/errors.ts';
import type { Authority, TrustPolicy } from '#shared/core/policy.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createTrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createVerifier, type Verifier } from '#shared/trust/verifier.ts';
import {
  bundleOf,
  createSigningKey,
  keyPolicy,
  putBundle,
  signBundle,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';
import {
  createMemoryRegistry,
  digestOf,
  type MemoryRegistry,
} from '#test/fakes/memory-registry.ts';

const REPOSITORY = 'registry.example/configs/platform';
const CHILD = digestOf(Buffer.from('child'));
const INDEX = digestOf(Buffer.from('index'));
const SUBJECT = { repository: REPOSITORY, digest: CHILD };
const release = createSigningKey();
const other = createSigningKey();
const policy = keyPolicy([release]);

let registry: MemoryRegistry;
let time: number;
let verifier: Verifier;

beforeEach(() => {
  registry = createMemoryRegistry();
  time = 0;
  verifier = createVerifier({ registry, keys: createKeyLoader(), now: () => time });
});

describe('verify()', () => {
  it('says unsigned when no place holds a signature, having asked them all', async () => {
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({ status: 'unsigned' });
    const hex = CHILD.slice('sha256:'.length);
    expect(registry.calls.toSorted()).toEqual([
      `manifest ${REPOSITORY} sha256-${hex}`,
      `manifest ${REPOSITORY} sha256-${hex}.sig`,
      `referrers ${REPOSITORY} ${CHILD}`,
    ]);
  });

  it.each([
    ['legacy', signLegacy],
    ['bundle', signBundle],
  ] as const)('verifies a %s signature by the key of the policy', async (format, signWith) => {
    signWith(registry, REPOSITORY, CHILD, release);
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({
      status: 'verified',
      authorities: ['key-1'],
      candidates: [{ format, authority: 'key-1', identity: release.hint }],
    });
  });

  it.each([
    ['legacy', signLegacy],
    ['bundle', signBundle],
  ] as const)('does not trust a %s signature by another key', async (format, signWith) => {
    signWith(registry, REPOSITORY, CHILD, other);
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({
      status: 'untrusted',
      candidates: [{ format, authority: 'key-1', reason: 'wrong-key' }],
    });
  });

  it.each([
    ['weak-key', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['unsupported-algorithm', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
  ] as const)('trusts no signature of a key that is a %s', async (reason, pair) => {
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const key = { privateKey: pair.privateKey, pem, hint: '' };
    signLegacy(registry, REPOSITORY, CHILD, key);
    await expect(verifier.verify(SUBJECT, keyPolicy([key]))).resolves.toMatchObject({
      status: 'untrusted',
      candidates: [{ authority: 'key-1', reason }],
    });
  });

  it.each([
    [
      'another key',
      () => signLegacy(registry, REPOSITORY, CHILD, other),
      [release.hint, 'ECDSA P-256'],
    ],
    [
      'a bundle of another key',
      () => signBundle(registry, REPOSITORY, CHILD, other),
      [release.hint, other.hint],
    ],
    [
      'a statement that names no digest',
      () => {
        const bundle = bundleOf({ ...statementOf(CHILD), subject: [{ digest: {} }] }, release);
        registry.addReferrer(REPOSITORY, CHILD, putBundle(registry, REPOSITORY, CHILD, bundle));
      },
      ['names no digest', CHILD],
    ],
    [
      'a statement about another digest',
      () => {
        const bundle = bundleOf(statementOf(INDEX), release);
        registry.addReferrer(REPOSITORY, CHILD, putBundle(registry, REPOSITORY, CHILD, bundle));
      },
      [INDEX, CHILD],
    ],
  ] as const)('says of %s what was looked for and what was there', async (_, push, shown) => {
    push();
    const verdict = await verifier.verify(SUBJECT, policy);
    const details = verdict.status === 'untrusted' ? verdict.candidates : [];
    const [detail = ''] = details.flatMap((outcome) => outcome.detail ?? []);
    expect(shown.filter((part) => !detail.includes(part))).toEqual([]);
  });

  it('ignores whatever a log or a clock of strangers says where the policy says so', async () => {
    const material = {
      publicKey: { hint: release.hint },
      tlogEntries: [{ logIndex: '1', logId: { keyId: 'AAAA' } }, null],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] },
    };
    const bundle = bundleOf(statementOf(CHILD), release, { material });
    registry.addReferrer(REPOSITORY, CHILD, putBundle(registry, REPOSITORY, CHILD, bundle));
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({ status: 'verified' });
  });

  it('accepts a signature on the index that the image was proved to be in', async () => {
    signBundle(registry, REPOSITORY, INDEX, release);
    const subject = { ...SUBJECT, index: INDEX };
    await expect(verifier.verify(subject, policy)).resolves.toMatchObject({ status: 'verified' });
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({ status: 'unsigned' });
  });

  it('looks in the signature repository of the policy too', async () => {
    const signatureRepository = 'registry.example/signatures';
    const apart = keyPolicy([release], { signatureRepository });
    signLegacy(registry, signatureRepository, CHILD, release);
    await expect(verifier.verify(SUBJECT, apart)).resolves.toMatchObject({ status: 'verified' });
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({ status: 'unsigned' });
  });

  it('fetches each candidate once however many authorities look at it', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    await verifier.verify(SUBJECT, keyPolicy([other, release, createSigningKey()], { require: 1 }));
    expect(registry.calls.filter((call) => call.startsWith('blob'))).toHaveLength(1);
    expect(registry.calls).toHaveLength(4);
  });
});

describe('the verdicts that are remembered', () => {
  it('answers again without the registry while a good verdict is young', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    await verifier.verify(SUBJECT, policy);
    const { length } = registry.calls;
    await verifier.verify(SUBJECT, policy, { fresh: true });
    expect(registry.calls).toHaveLength(length);
  });

  it('does not answer for another policy, repository, digest or index', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    await verifier.verify(SUBJECT, policy);
    for (const [subject, changed] of [
      [SUBJECT, keyPolicy([other])],
      [{ ...SUBJECT, repository: 'registry.example/elsewhere' }, policy],
      [{ ...SUBJECT, index: INDEX }, keyPolicy([other])],
      [{ ...SUBJECT, digest: INDEX }, policy],
    ] as const) {
      const verdict = await verifier.verify(subject, changed);
      expect(verdict.status).not.toBe('verified');
    }
  });

  it('looks again at an unsigned image when something changed just now', async () => {
    await verifier.verify(SUBJECT, policy);
    signLegacy(registry, REPOSITORY, CHILD, release);
    await expect(verifier.verify(SUBJECT, policy)).resolves.toMatchObject({ status: 'unsigned' });
    await expect(verifier.verify(SUBJECT, policy, { fresh: true })).resolves.toMatchObject({
      status: 'verified',
    });
  });

  it('does not remember a failure', async () => {
    const failing = createMemoryRegistry();
    failing.fail('referrers', new CountersignError('registry-unavailable', 'Registry is away'));
    let current = failing;
    const switching = createVerifier({
      registry: {
        manifest: (...args) => current.manifest(...args),
        blob: (...args) => current.blob(...args),
        referrers: (...args) => current.referrers(...args),
      },
      keys: createKeyLoader(),
      now: () => time,
    });
    await expect(switching.verify(SUBJECT, policy)).rejects.toMatchObject({
      code: 'registry-unavailable',
    });
    current = registry;
    await expect(switching.verify(SUBJECT, policy)).resolves.toMatchObject({ status: 'unsigned' });
  });
});

describe('a policy that cannot be checked', () => {
  const key = keyPolicy([release]).authorities[0];
  if (key?.type !== 'key') throw new Error('the policy has a key');
  const keyless: Authority = {
    type: 'keyless',
    name: 'ci',
    issuer: 'https://issuer.example',
    subject: { exact: 'https://example.com/ci' },
    annotations: {},
    trustedRoot: 'public-good',
    claims: {},
  };
  const kms = { ...key, key: { kms: 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k' } };
  const logged = { ...key, transparencyLog: 'require' as const };
  const attestations = [{ predicateType: 'https://slsa.dev/provenance/v1', where: {} }];

  it.each<[string, Partial<TrustPolicy>, string, RegExp]>([
    ['a keyless authority', { authorities: [keyless] }, 'trust-root-unavailable', /"ci"/],
    [
      'keyless beside a good key',
      { authorities: [key, keyless] },
      'trust-root-unavailable',
      /"ci"/,
    ],
    ['a KMS key', { authorities: [kms] }, 'key-unavailable', /"key-1".*gcpkms:/],
    ['a required log', { authorities: [logged] }, 'trust-root-unavailable', /"key-1"/],
    [
      'attestations by no authority',
      { authorities: [], attestations, allowUnsigned: true },
      'bad-config',
      /"release"/,
    ],
    ['attestations by anyone', { attestations, allowUnsigned: true }, 'bad-config', /"release"/],
    ['no authority', { authorities: [] }, 'bad-config', /"release"/],
    ['a require of none', { require: 0 }, 'bad-config', /require/],
    ['a require that is no number', { require: Number.NaN }, 'bad-config', /require/],
  ])('throws for %s, though the image is signed', async (_, parts, code, message) => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    const unsupported = { ...keyPolicy([release], { require: 1, ...parts }) };
    const offline = createVerifier({
      registry,
      keys: createKeyLoader(),
      now: () => time,
      roots: createTrustRootLoader({
        now: () => time,
        fetchPublicGood: () => Promise.reject(new Error('no network')),
      }),
    });
    await expect(offline.verify(SUBJECT, unsupported)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('names no authority when unsigned images are allowed', async () => {
    const open = keyPolicy([], { allowUnsigned: true });
    await expect(verifier.verify(SUBJECT, open)).resolves.toMatchObject({
      status: 'verified',
      authorities: [],
      candidates: [],
      allowedUnsigned: true,
    });
    expect(registry.calls).toEqual([]);
  });
});
