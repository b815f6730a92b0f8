import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

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

/** Keeps the certificate for 127.0.0.1 and localhost that is there, or writes a new one. */
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
