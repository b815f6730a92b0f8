import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { WorldError } from '../world/world-error.ts';
import { decryptKey, encryptKey } from './encrypted-key.ts';

/** Files of a key pair: `cosign sign --key <privateKey>`, `cosign verify --key <publicKey>`. */
export interface KeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The local key protects nothing, so nobody is asked for a password. */
const PASSWORD = '';

/** Keeps the ECDSA P-256 pair that is there, or writes a new one. Throws when one half is missing. */
export async function ensureKeyPair(files: KeyFiles): Promise<void> {
  const [hasPrivate, hasPublic] = await Promise.all([
    exists(files.privateKey),
    exists(files.publicKey),
  ]);
  if (hasPrivate && hasPublic) return;
  if (hasPrivate || hasPublic) {
    const [there, missing] = hasPrivate
      ? [files.privateKey, files.publicKey]
      : [files.publicKey, files.privateKey];
    throw new WorldError(
      `Key pair is incomplete: ${missing} is missing. Restore it, or delete ${there} for a new pair`,
    );
  }
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeFile(files.privateKey, await encryptKey(privateKey, PASSWORD), { mode: 0o600 });
  await writeFile(files.publicKey, publicKey);
}

/** The private key that `ensureKeyPair` or `cosign generate-key-pair` wrote with an empty password. */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  const pkcs8 = await decryptKey(await readFile(path, 'utf8'), PASSWORD);
  return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
