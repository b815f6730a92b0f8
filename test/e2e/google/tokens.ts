import { createSign, generateKeyPairSync } from 'node:crypto';

/** Google as an issuer of ID tokens. */
export interface Tokens {
  /** What is at `www.googleapis.com/oauth2/v3/certs`. */
  readonly certificates: object;
  /** A token of a service account, signed. */
  idToken(of: { email: string; audience: string; includeEmail: boolean }): string;
}

const KEY_ID = 'emulated-google';
const LIFE_SECONDS = 3600;

export function createTokens(now: () => number): Tokens {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    certificates: { keys: [{ ...jwk, kid: KEY_ID, alg: 'RS256', use: 'sig' }] },
    idToken({ email, audience, includeEmail }) {
      const iat = Math.floor(now() / 1000);
      const claims = {
        iss: 'https://accounts.google.com',
        aud: audience,
        azp: email,
        sub: '100000000000000000001',
        iat,
        exp: iat + LIFE_SECONDS,
        ...(includeEmail ? { email, email_verified: true } : {}),
      };
      const text = `${part({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' })}.${part(claims)}`;
      return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
    },
  };
}
