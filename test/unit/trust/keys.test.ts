import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { createKeyLoader, readPublicKey } from '#shared/trust/keys.ts';
import { toPem } from '#test/fixtures/pem.ts';
import { createSigningKey } from '#test/fakes/cosign.ts';

const good = createSigningKey();

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

async function caught(pem: string): Promise<Error> {
  const error: unknown = await readPublicKey(pem, 'release-key').catch((cause: unknown) => cause);
  if (error instanceof Error) return error;
  throw new Error('nothing was thrown');
}

describe('readPublicKey()', () => {
  it('reads an ECDSA P-256 key and computes the hint that cosign writes', async () => {
    await expect(readPublicKey(good.pem, 'release-key')).resolves.toMatchObject({
      hint: good.hint,
      algorithm: { verify: expect.any(Function) },
    });
  });

  it('knows one key in two spellings', async () => {
    const { x = '', y = '' } = createPublicKey(good.pem).export({ format: 'jwk' });
    const odd = (Buffer.from(y, 'base64url').at(-1) ?? 0) % 2;
    // RFC 5480 section 2.2 and SEC 1 section 2.3.3: the point compressed to x and the parity of y.
    const prefix = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    const der = Buffer.concat([prefix, Buffer.from([2 + odd]), Buffer.from(x, 'base64url')]);
    const pem = toPem('PUBLIC KEY', der);
    const { thumbprint } = await readPublicKey(good.pem, 'one');
    await expect(readPublicKey(pem, 'two')).resolves.toMatchObject({ thumbprint });
    const padded = readPublicKey(`\r\n ${good.pem}`, 'three');
    await expect(padded).resolves.toMatchObject({ thumbprint });
    const { thumbprint: other } = await readPublicKey(createSigningKey().pem, 'four');
    expect(other).not.toBe(thumbprint);
  });

  it.each([
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }), 'weak-key'],
    ['ECDSA P-192', generateKeyPairSync('ec', { namedCurve: 'prime192v1' }), 'weak-key'],
    ['DSA', generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }), 'weak-key'],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), 'unsupported-algorithm'],
    ['X25519', generateKeyPairSync('x25519'), 'unsupported-algorithm'],
  ] as const)('trusts no signature of a key that is %s', async (_, { publicKey }, refused) => {
    const trusted = readPublicKey(pemOf(publicKey), 'k');
    await expect(trusted).resolves.toMatchObject({ algorithm: { refused } });
  });

  it('refuses a private key without showing it', async () => {
    const pem = good.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const secret = pem.split('\n')[1] ?? 'no line';
    const error = await caught(pem);
    expect(error).toMatchObject({ code: 'bad-config' });
    expect(error.message).toMatch(/"release-key" is a private key/);
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain(
      secret.slice(0, 16),
    );
  });

  it.each([
    [
      'an encrypted private key of cosign',
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAA==\n',
    ],
    ['a private key behind a public one', `${good.pem}-----BEGIN EC PRIVATE KEY-----\nAA==\n`],
    ['two keys', `${good.pem}${good.pem}`],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'],
    ['text before the key', `key: ${good.pem}`],
    ['no key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['nothing', ''],
  ])('refuses %s and names the authority', async (_, pem) => {
    expect(await caught(pem)).toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('release-key'),
    });
  });
});

describe('createKeyLoader()', () => {
  it('reads a key once', async () => {
    const load = createKeyLoader();
    const first = await load({ pem: good.pem }, 'a');
    await expect(load({ pem: good.pem }, 'b')).resolves.toBe(first);
  });

  it('has no key from Cloud KMS', async () => {
    const source = { kms: 'gcpkms://projects/p' };
    await expect(createKeyLoader()(source, 'a')).rejects.toMatchObject({ code: 'key-unavailable' });
  });
});
