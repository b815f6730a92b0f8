import { randomBytes, scryptSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { decryptKey } from '#infra/local/keys/key-pair.ts';

/** Of what cosign reads, what takes it least: half of the work of a signature is to derive the key of the file. */
const LEGACY = { N: 32_768, r: 8, p: 1 } as const;
const MEMORY = 160 * LEGACY.N * LEGACY.r;
const PASSWORD = '';

/** Writes the same private key anew, as cosign wrote it before it spent twice as much on passwords. */
export async function lightenKey(file: string): Promise<void> {
  const pkcs8 = await decryptKey(await readFile(file, 'utf8'), PASSWORD);
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const key = scryptSync(PASSWORD, salt, 32, { ...LEGACY, maxmem: MEMORY });
  const content = {
    kdf: { name: 'scrypt', params: LEGACY, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(xsalsa20poly1305(key, nonce).encrypt(pkcs8)).toString('base64'),
  };
  const label = 'ENCRYPTED SIGSTORE PRIVATE KEY';
  const body = Buffer.from(JSON.stringify(content)).toString('base64');
  await writeFile(file, `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
}
