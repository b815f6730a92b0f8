import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const HOUR_MS = 3_600_000;

export interface PrivateCa {
  /** The path of its certificate. */
  readonly ca: string;
  /** The paths of a server's certificate for these names, and of its key. */
  readonly cert: string;
  readonly key: string;
}

/**
 * A CA that no machine knows, and the certificate of a server of these names, as PEM files in a folder.
 *
 * @example const { ca, cert, key } = await createPrivateCa(folder, ['registry.private.test']);
 */
export async function createPrivateCa(
  folder: string,
  names: readonly string[],
): Promise<PrivateCa> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(crypto);
  const [own, server] = await Promise.all([makeKeys(), makeKeys()]);
  const times = {
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 24 * HOUR_MS),
  };
  const issuer = 'CN=private-ca';
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: issuer,
    keys: own,
    signingAlgorithm: ALGORITHM,
    ...times,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    subject: `CN=${names[0]}`,
    issuer,
    publicKey: server.publicKey,
    signingKey: own.privateKey,
    signingAlgorithm: ALGORITHM,
    ...times,
    extensions: [
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: 'dns' as const, value })),
      ),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', server.privateKey);
  const files = {
    ca: root.toString('pem'),
    cert: leaf.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
  const paths = {
    ca: join(folder, 'private-ca.pem'),
    cert: join(folder, 'server.crt'),
    key: join(folder, 'server.key'),
  };
  await Promise.all([
    writeFile(paths.ca, `${files.ca}\n`),
    writeFile(paths.cert, `${files.cert}\n`),
    writeFile(paths.key, `${files.key}\n`, { mode: 0o600 }),
  ]);
  return paths;
}

function makeKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
