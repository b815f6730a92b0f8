import { createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureKeyPair, type KeyFiles, readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { LocalWorldError } from '#infra/local/local-world/local-world-error.ts';

let dir: string;
let files: KeyFiles;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-keys-'));
  files = { privateKey: join(dir, 'cosign.key'), publicKey: join(dir, 'cosign.pub') };
});
afterEach(() => rm(dir, { recursive: true }));

describe('ensureKeyPair()', () => {
  it('writes a P-256 pair whose private half only its owner reads', async () => {
    await ensureKeyPair(files);
    const key = await readPrivateKey(files.privateKey);
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const publicHalf = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    expect(await readFile(files.publicKey, 'utf8')).toBe(publicHalf);
    expect((await stat(files.privateKey)).mode & 0o777).toBe(0o600);
  });

  it('keeps a pair that is there', async () => {
    await writeFile(files.privateKey, 'mine');
    await writeFile(files.publicKey, 'mine too');
    await ensureKeyPair(files);
    expect(await readFile(files.privateKey, 'utf8')).toBe('mine');
    expect(await readFile(files.publicKey, 'utf8')).toBe('mine too');
  });

  it.each(['privateKey', 'publicKey'] as const)(
    'overwrites nothing with %s alone',
    async (half) => {
      await writeFile(files[half], 'mine');
      const missing = half === 'privateKey' ? files.publicKey : files.privateKey;
      await expect(ensureKeyPair(files)).rejects.toThrow(LocalWorldError);
      await expect(ensureKeyPair(files)).rejects.toThrow(`${missing} is missing`);
      expect(await readFile(files[half], 'utf8')).toBe('mine');
    },
  );
});
