import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#shared/net/json.ts';
import { hashPolicy } from '#shared/config/policy-hash.ts';
import { readPublicKey } from '#shared/config/public-key.ts';
import type { KeyAuthority, KeylessAuthority, TrustPolicy } from '#shared/core/policy.ts';
import { edit, fullText, parse } from './fixture.ts';

const KEY: KeyAuthority = {
  type: 'key',
  name: 'release-key',
  key: { pem: pemOf('ec') },
  transparencyLog: 'require',
  annotations: { env: 'prod', tier: '1' },
  trustedRoot: { json: '{"a":1,"b":[1,2]}' },
};
const KEYLESS: KeylessAuthority = {
  type: 'keyless',
  name: 'ci',
  issuer: 'https://issuer.example',
  subject: { exact: 'https://acme.example/ci' },
  annotations: {},
  trustedRoot: 'public-good',
  claims: { '1.2.3': 'x' },
};
const POLICY: Omit<TrustPolicy, 'hash'> = {
  name: 'release',
  require: 1,
  authorities: [KEY, KEYLESS],
  format: 'any',
  signatureRepository: 'ghcr.io/acme/signatures',
  attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', where: { a: 1, b: 'x' } }],
  allowUnsigned: false,
};
const HASH = hashPolicy(POLICY);
const { name, authorities, ...OTHERS } = POLICY;
const REORDERED: typeof POLICY = { ...OTHERS, authorities, name };

function withKey(change: Partial<KeyAuthority>): Omit<TrustPolicy, 'hash'> {
  return { ...POLICY, authorities: [{ ...KEY, ...change }, KEYLESS] };
}

function withKeyless(change: Partial<KeylessAuthority>): Omit<TrustPolicy, 'hash'> {
  return { ...POLICY, authorities: [KEY, { ...KEYLESS, ...change }] };
}

describe('hashPolicy()', () => {
  it('is a digest, the same every time', () => {
    expect(HASH).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(hashPolicy(structuredClone(POLICY))).toBe(HASH);
  });

  it.each<[what: string, policy: Omit<TrustPolicy, 'hash'>]>([
    ['its name', { ...POLICY, name: 'other' }],
    ['the order of keys', REORDERED],
    ['the order of annotations', withKey({ annotations: { tier: '1', env: 'prod' } })],
    [
      'line ends and spaces of a PEM',
      withKey({ key: { pem: `\r\n${pemText(KEY).replaceAll('\n', '\r\n')}\n\n` } }),
    ],
    ['the lengths of lines in a PEM', withKey({ key: { pem: rewrap(pemText(KEY), 20) } })],
    [
      'the spelling of a trusted root',
      withKey({ trustedRoot: { json: ' { "b": [1, 2], "a": 1.0 }\n' } }),
    ],
  ])('does not change with %s', (_what, policy) => {
    expect(hashPolicy(policy)).toBe(HASH);
  });

  it.each<[what: string, policy: Omit<TrustPolicy, 'hash'>]>([
    ['require', { ...POLICY, require: 2 }],
    ['format', { ...POLICY, format: 'bundle' }],
    ['the signature repository', { ...POLICY, signatureRepository: 'ghcr.io/acme/other' }],
    ['an attestation', { ...POLICY, attestations: [] }],
    [
      'a condition of an attestation',
      {
        ...POLICY,
        attestations: [
          { predicateType: 'https://slsa.dev/provenance/v1', where: { a: '1', b: 'x' } },
        ],
      },
    ],
    ['allowUnsigned', { ...POLICY, allowUnsigned: true }],
    ['an authority', { ...POLICY, authorities: [KEY] }],
    ['the order of authorities', { ...POLICY, authorities: [KEYLESS, KEY] }],
    ['the name of an authority', withKey({ name: 'other' })],
    ['the bytes of a key', withKey({ key: { pem: pemOf('ec') } })],
    ['the place of a key', withKey({ key: { kms: 'gcpkms://k' } })],
    ['the transparency log', withKey({ transparencyLog: 'ignore' })],
    ['an annotation', withKey({ annotations: { env: 'prod', tier: '2' } })],
    ['a trusted root', withKey({ trustedRoot: { json: '{"a":2,"b":[1,2]}' } })],
    [
      'the order of a list in a trusted root',
      withKey({ trustedRoot: { json: '{"a":1,"b":[2,1]}' } }),
    ],
    ['the issuer', withKeyless({ issuer: 'https://other.example' })],
    ['the subject', withKeyless({ subject: { exact: 'https://acme.example/cd' } })],
    ['the kind of subject', withKeyless({ subject: { pattern: 'https://acme.example/ci' } })],
    ['a claim', withKeyless({ claims: { '1.2.3': 'y' } })],
    ['the name of a claim', withKeyless({ claims: { '1.2.4': 'x' } })],
    ['a keyless annotation', withKeyless({ annotations: { a: 'b' } })],
    ['a keyless trusted root', withKeyless({ trustedRoot: { json: '{}' } })],
  ])('changes with %s', (_what, policy) => {
    expect(hashPolicy(policy)).not.toBe(HASH);
  });

  it('is what the config carries, whatever the file looks like', async () => {
    const [{ trust }, indented, renamed] = await Promise.all([
      parse(fullText),
      parse(edit(fullText, 'pem: |', 'pem: |-')),
      parse(fullText.replaceAll('release\n', 'renamed\n').replace('  release:', '  renamed:')),
    ]);
    expect(indented.trust['release']?.hash).toBe(trust['release']?.hash);
    expect(renamed.trust['renamed']?.hash).toBe(trust['release']?.hash);
    expect(trust['open']?.hash).not.toBe(trust['release']?.hash);
  });
});

describe('canonicalJson()', () => {
  it('sorts keys at every depth and keeps lists', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }, 1], a: null, Z: 'é' })).toBe(
      '{"Z":"é","a":null,"b":[{"c":2,"d":1},1]}',
    );
  });
});

describe('readPublicKey()', () => {
  it.each(['ec', 'rsa', 'ed25519', 'rsa-pss'] as const)('reads a key of type %s', (type) => {
    const pem = pemOf(type);
    expect(readPublicKey(pem)).toEqual({
      pem,
      der: createPublicKey(pem).export({ type: 'spki', format: 'der' }),
    });
  });

  it('gives one form for the two encodings of a point', () => {
    const compressed = `-----BEGIN PUBLIC KEY-----\n${compress(pemText(KEY)).toString('base64')}\n-----END PUBLIC KEY-----\n`;
    expect(compressed).not.toContain(pemText(KEY).split('\n')[1]);
    expect(readPublicKey(compressed)).toEqual(readPublicKey(pemText(KEY)));
  });

  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  it.each([
    ['an empty text', ''],
    ['no PEM', 'ssh-ed25519 AAAA'],
    ['two keys', pemOf('ec') + pemOf('ec')],
    ['PKCS#1', pair.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['a certificate', pemOf('ec').replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['a PEM of something else', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
  ])('refuses %s', (_what, text) => {
    expect(readPublicKey(text)).toMatchObject({ problem: expect.stringContaining('public key') });
  });

  it('refuses a private key, from which a public one could be made, and does not show it', () => {
    const text = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const refused = readPublicKey(text);
    expect(refused).toMatchObject({ problem: 'Is a private key' });
    expect(JSON.stringify(refused)).not.toContain(text.split('\n')[1]);
    expect(readPublicKey(pemOf('ec') + text)).toMatchObject({ problem: 'Is a private key' });
  });
});

function pemOf(type: 'ec' | 'rsa' | 'ed25519' | 'rsa-pss'): string {
  const { publicKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : type === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function pemText({ key }: KeyAuthority): string {
  return 'pem' in key ? key.pem : '';
}

function rewrap(pem: string, width: number): string {
  const [first, ...rest] = pem.trim().split('\n');
  const last = rest.pop();
  const lines = rest.join('').match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return [first, ...lines, last, ''].join('\n');
}

/** SPKI of the same P-256 key with its point compressed: 27 bytes of head, then 04 x y becomes 02|03 x. */
function compress(pem: string): Buffer {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const head = Buffer.from(der.subarray(0, 26));
  const point = der.subarray(26);
  const odd = (point.at(-1) ?? 0) % 2;
  const shorter = Buffer.concat([Buffer.from([2 + odd]), point.subarray(1, 33)]);
  head[1] = (head[1] ?? 0) - 32; // length of the outer sequence
  head[24] = (head[24] ?? 0) - 32; // length of the bit string
  return Buffer.concat([head, shorter]);
}
