import { generateKeyPairSync } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { crc32c } from '#shared/trust/keys.ts';
import { type Call, ok, refusal, type Reply } from './model.ts';

const ALGORITHM = 'EC_SIGN_P256_SHA256';

/** Cloud KMS's keys: each version has a key pair of its own, and signs. */
export interface Kms {
  /** Undefined: the call is of another API, or like all others. */
  handle(call: Call): Reply | undefined;
}

export function createKms(resources: ReadonlyMap<string, Readonly<Record<string, unknown>>>): Kms {
  const pairs = new Map<string, Pair>();

  function pairOf(name: string): Pair | undefined {
    if (resources.get(`cloudkms/${name}`)?.['state'] !== 'ENABLED') return undefined;
    const pair = pairs.get(name) ?? generate();
    pairs.set(name, pair);
    return pair;
  }

  return {
    handle({ method, name, body }) {
      const [, verb = ''] =
        /^cloudkms\..*\.cryptoKeyVersions\.(getPublicKey|asymmetricSign)$/.exec(method) ?? [];
      if (verb === '') return undefined;
      // `:asymmetricSign` is no part of the name; `/publicKey` is.
      const version = name.replace(/\/publicKey$/, '');
      const pair = pairOf(version);
      if (pair === undefined)
        return refusal(400, 'FAILED_PRECONDITION', `${version} is not enabled`);
      if (verb === 'getPublicKey') {
        const pem = pair.publicKey;
        const pemCrc32c = String(crc32c(Buffer.from(pem)));
        return ok({ name: version, pem, pemCrc32c, algorithm: ALGORITHM });
      }
      const digest = Buffer.from(String(Object(body).digest?.sha256), 'base64');
      const signature = pair.sign(digest);
      return ok({
        name: version,
        signature: signature.toString('base64'),
        signatureCrc32c: String(crc32c(signature)),
        verifiedDigestCrc32c: true,
      });
    },
  };
}

interface Pair {
  readonly publicKey: string;
  /** ECDSA in DER over a SHA-256. */
  sign(digest: Buffer): Buffer;
}

function generate(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url');
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  return {
    publicKey: String(pem),
    // Node signs only what it hashes itself.
    sign: (digest) => Buffer.from(p256.sign(digest, secret, { prehash: false, format: 'der' })),
  };
}
