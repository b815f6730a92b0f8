import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decryptKey, encryptKey } from '#infra/local/keys/key-pair.ts';

const PEM =
  /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n(.*)\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n$/s;

function createPkcs8(): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'der' });
}

function fixture(name: string): string {
  return readFileSync(new URL(`../../../../fixtures/cosign/${name}`, import.meta.url), 'utf8');
}

function publicPem(pkcs8: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** The JSON within a PEM. */
function contentOf(pem: string): string {
  return Buffer.from(PEM.exec(pem)?.[1] ?? '', 'base64').toString();
}

function toPem(content: string, label = 'ENCRYPTED SIGSTORE PRIVATE KEY'): string {
  const body = Buffer.from(content).toString('base64');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

describe('encryptKey()', () => {
  it('writes what decryptKey() reads with the same password', async () => {
    const pkcs8 = createPkcs8();
    const pem = await encryptKey(pkcs8, '');
    expect(Buffer.from(await decryptKey(pem, ''))).toEqual(pkcs8);
    await expect(decryptKey(pem, 'another')).rejects.toThrow('invalid tag');
  });

  it('writes the fields and parameters of cosign, in lines of 64', async () => {
    const theirs: unknown = JSON.parse(contentOf(fixture('cosign3.key')));
    const pem = await encryptKey(createPkcs8(), '');
    const ours: unknown = JSON.parse(contentOf(pem));
    const text = expect.stringMatching(/^[A-Za-z0-9+/]+=*$/);
    const shape = {
      kdf: { name: 'scrypt', params: { N: 65_536, r: 8, p: 1 }, salt: text },
      cipher: { name: 'nacl/secretbox', nonce: text },
      ciphertext: text,
    };
    expect(theirs).toEqual(shape);
    expect(ours).toEqual(shape);
    const lengths = pem
      .split('\n')
      .slice(1, -2)
      .map((line) => line.length);
    expect(lengths.slice(0, -1).every((length) => length === 64)).toBe(true);
  });

  it('never writes the same twice', async () => {
    const pkcs8 = createPkcs8();
    const pems = [await encryptKey(pkcs8, ''), await encryptKey(pkcs8, '')];
    for (const field of ['salt', 'nonce', 'ciphertext']) {
      const values = pems.map(
        (pem) => new RegExp(`"${field}":"([^"]+)"`).exec(contentOf(pem))?.[1],
      );
      expect(new Set(values).size).toBe(2);
    }
  });
});

describe('decryptKey()', () => {
  it.each(['cosign2', 'cosign3'])('reads a key that %s wrote', async (name) => {
    expect(publicPem(await decryptKey(fixture(`${name}.key`), ''))).toBe(fixture(`${name}.pub`));
  });

  const good = contentOf(fixture('cosign3.key'));
  it.each([
    ['another label', toPem(good, 'PRIVATE KEY'), 'Key is no PEM'],
    ['no PEM', 'hello', 'Key is no PEM'],
    ['no JSON', toPem('hello'), 'JSON'],
    ['other parameters', toPem(good.replace('65536', '2')), 'params'],
    ['another cipher', toPem(good.replace('nacl/secretbox', 'none')), 'cipher'],
    ['a changed byte', toPem(good.replace(/"ciphertext":"(.)/, '"ciphertext":"+')), 'invalid tag'],
  ])('refuses %s', async (_, pem, message) => {
    await expect(decryptKey(pem, '')).rejects.toThrow(message);
  });
});
