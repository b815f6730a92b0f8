import {
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  scrypt,
  X509Certificate,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import * as z from 'zod';
import { LocalWorldError } from '../local-world/local-world-error.ts';

/** Files of a key pair: `cosign sign --key <privateKey>`, `cosign verify --key <publicKey>`. */
export interface KeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The local key protects nothing, so it has no password. */
const PASSWORD = '';

/** Keeps an existing ECDSA P-256 pair, or writes a new one. Throws when one half is missing. */
export async function ensureKeyPair(files: KeyFiles): Promise<void> {
  const paths = [files.privateKey, files.publicKey];
  const [there] = paths.filter((path) => existsSync(path));
  const [missing] = paths.filter((path) => !existsSync(path));
  if (missing === undefined) return;
  if (there !== undefined) {
    throw new LocalWorldError(
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

/** PEM type of cosign 2 and 3, whose content is no DER but JSON. */
const LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const PEM_LINE = /.{1,64}/g;

/** go-securesystemslib knows a few sets of parameters and refuses all others; this is the one cosign writes. */
const SCRYPT = { N: 65_536, r: 8, p: 1 } as const;
/** scrypt needs 128 * N * r bytes and a little, twice of what Node allows by default. */
const SCRYPT_MEMORY = 160 * SCRYPT.N * SCRYPT.r;
const SALT_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

const bytes = z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64'));
const contentSchema = z.object({
  kdf: z.object({
    name: z.literal('scrypt'),
    params: z.object({
      N: z.literal(SCRYPT.N),
      r: z.literal(SCRYPT.r),
      p: z.literal(SCRYPT.p),
    }),
    salt: bytes,
  }),
  cipher: z.object({ name: z.literal('nacl/secretbox'), nonce: bytes }),
  ciphertext: bytes,
});

/**
 * A private key (PKCS #8, DER) as `cosign generate-key-pair` writes it: scrypt, then NaCl's secretbox. cosign reads
 * it with the same password in COSIGN_PASSWORD.
 */
export async function encryptKey(pkcs8: Uint8Array, password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const box = xsalsa20poly1305(await deriveKey(password, salt), nonce);
  const content = {
    kdf: { name: 'scrypt', params: SCRYPT, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(box.encrypt(pkcs8)).toString('base64'),
  };
  const lines = Buffer.from(JSON.stringify(content)).toString('base64').match(PEM_LINE) ?? [];
  return [`-----BEGIN ${LABEL}-----`, ...lines, `-----END ${LABEL}-----`, ''].join('\n');
}

/** The private key (PKCS #8, DER) in a PEM that cosign or `encryptKey` wrote. Throws when the password is another. */
export async function decryptKey(pem: string, password: string): Promise<Uint8Array> {
  const [, body] = new RegExp(`^-----BEGIN ${LABEL}-----(.*)-----END ${LABEL}-----$`, 's').exec(
    pem.trim(),
  ) ?? ['', ''];
  if (body === undefined || body === '') throw new Error(`Key is no PEM of type ${LABEL}`);
  const { kdf, cipher, ciphertext } = contentSchema.parse(
    JSON.parse(Buffer.from(body, 'base64').toString()),
  );
  const box = xsalsa20poly1305(await deriveKey(password, kdf.salt), cipher.nonce);
  return box.decrypt(ciphertext);
}

function deriveKey(password: string, salt: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  scrypt(password, salt, KEY_BYTES, { ...SCRYPT, maxmem: SCRYPT_MEMORY }, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

/** Files of a TLS certificate, self-signed: a client that is to believe it gets `cert` as its authority. */
export interface CertificateFiles {
  readonly tlsCert: string;
  readonly tlsKey: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const DAY_MS = 24 * 3_600_000;
/** Clocks of containers beside us may lag. */
const BEFORE_MS = 3_600_000;
const VALID_DAYS = 30;
/** One that is about to expire is not kept. */
const LEFT_DAYS = 2;

/** Keeps an existing certificate for 127.0.0.1 and localhost, or writes a new one. */
export async function ensureCertificate(files: CertificateFiles, now: Date): Promise<void> {
  if (await isUsable(files, now)) return;
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=countersign-local',
    notBefore: new Date(now.getTime() - BEFORE_MS),
    notAfter: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
  await writeFile(files.tlsKey, `${key}\n`, { mode: 0o600 });
  await writeFile(files.tlsCert, `${certificate.toString('pem')}\n`);
}

async function isUsable({ tlsCert, tlsKey }: CertificateFiles, now: Date): Promise<boolean> {
  try {
    const certificate = new X509Certificate(await readFile(tlsCert));
    const key = createPrivateKey(await readFile(tlsKey));
    const left = Date.parse(certificate.validTo) - now.getTime();
    return certificate.checkPrivateKey(key) && left > LEFT_DAYS * DAY_MS;
  } catch {
    return false;
  }
}
