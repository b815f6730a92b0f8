import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import type { CryptoKey, FetchImplementation, JWTPayload } from 'jose';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { CheckCaller } from '#shared/http/access.ts';
import { createCallerCheck } from '#shared/http/check-caller.ts';
import type { Issuer } from '#shared/http/verify-token.ts';

const NOW = new Date('2026-11-22T05:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const AUDIENCE = 'https://push.example';
const EMAIL = 'push@p.iam.gserviceaccount.com';
const ISSUER: Issuer = {
  names: ['https://accounts.test'],
  jwksUrl: 'https://accounts.test/keys',
  algorithms: ['RS256', 'ES256'],
};
const CLAIMS: JWTPayload = {
  iss: 'https://accounts.test',
  aud: AUDIENCE,
  email: EMAIL,
  email_verified: true,
  sub: '1',
  iat: SECONDS - 10,
  exp: SECONDS + 3600,
};

interface Keys {
  readonly sign: (payload: JWTPayload, header?: object) => Promise<string>;
  readonly publicPem: string;
}

let issuer: Keys;
let stranger: Keys;
let signUnlisted: Keys['sign'];
let jwks: object;
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256');
  const unlisted = await generateKeyPair('PS256');
  jwks = {
    keys: [
      { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(unlisted.publicKey)), kid: 'k3', alg: 'PS256', use: 'sig' },
    ],
  };
  signUnlisted = (payload) => signer(unlisted.privateKey)(payload, { alg: 'PS256', kid: 'k3' });
  issuer = { sign: signer(pair.privateKey), publicPem: await exportSPKI(pair.publicKey) };
  stranger = { sign: signer(other.privateKey), publicPem: '' };
});

function signer(key: CryptoKey): Keys['sign'] {
  return (payload, header = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(key);
}

function serveKeys(): { fetch: FetchImplementation; calls: () => number } {
  let calls = 0;
  return {
    fetch: () => {
      calls += 1;
      return Promise.resolve(Response.json(jwks));
    },
    calls: () => calls,
  };
}

function check(mode: 'verify' | 'iam' | 'iap', fetch = serveKeys().fetch): CheckCaller {
  const access = { mode, audience: AUDIENCE, emails: [EMAIL] };
  return createCallerCheck(access, { host: '0.0.0.0', now: () => NOW, issuer: ISSUER, fetch });
}

function bearer(token: string): Headers {
  return new Headers({ authorization: `Bearer ${token}` });
}

/** As Cloud Run hands it on. */
function strip(token: string): string {
  return token.replace(/[^.]*$/, 'SIGNATURE_REMOVED_BY_GOOGLE');
}

function hmacWithPublicKey(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'HS256', kid: 'k1', typ: 'JWT' })}.${part(CLAIMS)}`;
  return `${input}.${createHmac('sha256', issuer.publicPem).update(input).digest('base64url')}`;
}

/** Our claims with some replaced; an undefined one is left out. */
function claims(overrides: Readonly<Record<string, unknown>>): JWTPayload {
  const all = Object.entries({ ...CLAIMS, ...overrides });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

function signed(
  overrides: Readonly<Record<string, unknown>>,
  header?: object,
): () => Promise<string> {
  return () => issuer.sign(claims(overrides), header);
}

const CLAIM_FORGERIES: readonly [string, () => Promise<string>, string][] = [
  ['for another audience', signed({ aud: 'https://other.example' }), 'unauthenticated'],
  ['for several audiences, ours among them', signed({ aud: [AUDIENCE, 'x'] }), 'unauthenticated'],
  ['for an audience that begins as ours', signed({ aud: `${AUDIENCE}/x` }), 'unauthenticated'],
  ['of another issuer', signed({ iss: 'https://accounts.test.evil' }), 'unauthenticated'],
  ['that has expired', signed({ exp: SECONDS - 61 }), 'unauthenticated'],
  ['that is not valid yet', signed({ nbf: SECONDS + 61 }), 'unauthenticated'],
  ['without an expiry', signed({ exp: undefined }), 'unauthenticated'],
  ['issued in the future', signed({ iat: SECONDS + 61 }), 'unauthenticated'],
  ['issued tomorrow', signed({ iat: SECONDS + 86_400, exp: SECONDS + 90_000 }), 'unauthenticated'],
  ['that does not say when it was issued', signed({ iat: undefined }), 'unauthenticated'],
  ['that lives for a day', signed({ exp: SECONDS + 86_400 }), 'unauthenticated'],
  ['with a time in words', signed({ iat: 'now' }), 'unauthenticated'],
  ['with an e-mail that is not verified', signed({ email_verified: false }), 'forbidden'],
  ['with "true" as text', signed({ email_verified: 'true' }), 'forbidden'],
  ['without email_verified', signed({ email_verified: undefined }), 'forbidden'],
  ['of another identity', signed({ email: 'evil@p.iam.gserviceaccount.com' }), 'forbidden'],
  ['of an identity that begins as ours', signed({ email: `${EMAIL}.evil` }), 'forbidden'],
  ['of an identity in other case', signed({ email: EMAIL.toUpperCase() }), 'forbidden'],
];

const SIGNATURE_FORGERIES: readonly [string, () => Promise<string>][] = [
  ['signed by a stranger with our key id', () => stranger.sign(CLAIMS)],
  ['with an unknown key id', signed({}, { kid: 'k2' })],
  ['with alg none', async () => new UnsecuredJWT(CLAIMS).encode()],
  ['with HS256 over the public key', async () => hmacWithPublicKey()],
  [
    'with another RSA algorithm than the issuer uses',
    async () => relabel(await issuer.sign(CLAIMS)),
  ],
  ['with an algorithm that is not on our list', () => signUnlisted(CLAIMS)],
  ['whose signature was stripped', async () => strip(await issuer.sign(CLAIMS))],
  ['whose claims were changed', async () => tamper(await issuer.sign(CLAIMS))],
  ['that is no token', async () => 'abc'],
  ['that is empty but for its dots', async () => '..'],
  ['that is oversized', signed({ padding: 'x'.repeat(9000) })],
];

function relabel(token: string): string {
  const header = Buffer.from('{"alg":"RS512","kid":"k1"}').toString('base64url');
  return token.replace(/^[^.]*/, header);
}

function tamper(token: string): string {
  const [header, , signature] = token.split('.');
  const payload = Buffer.from(JSON.stringify({ ...CLAIMS, sub: '2' })).toString('base64url');
  return `${header}.${payload}.${signature}`;
}

/** What is wrong with a token, the claim that the refusal names, and what it says it must be. */
const NAMED: readonly [string, () => Promise<string>, string, string][] = [
  ['another audience', signed({ aud: 'https://other.example' }), 'aud', AUDIENCE],
  ['the URL in place of the audience', signed({ aud: 'https://x.run.app' }), 'aud', AUDIENCE],
  ['several audiences', signed({ aud: [AUDIENCE, 'x'] }), 'aud', AUDIENCE],
  ['no audience', signed({ aud: undefined }), 'aud', AUDIENCE],
  ['another issuer', signed({ iss: 'https://evil.test' }), 'iss', 'https://accounts.test'],
  ['no issuer', signed({ iss: undefined }), 'iss', 'https://accounts.test'],
  ['an expiry that is past', signed({ exp: SECONDS - 61 }), 'exp', 'a time to come'],
  ['no expiry', signed({ exp: undefined }), 'exp', 'a time to come'],
  ['a long life', signed({ exp: SECONDS + 86_400 }), 'exp', 'seconds after iat'],
  ['no time of issue', signed({ iat: undefined }), 'iat', 'a time in the past'],
  ['a time of issue to come', signed({ iat: SECONDS + 61 }), 'iat', 'compare the clocks'],
  ['a start to come', signed({ nbf: SECONDS + 61 }), 'nbf', 'a time in the past'],
  ['no e-mail', signed({ email: undefined }), 'email', '--include-email'],
  ['an e-mail that is not verified', signed({ email_verified: false }), 'email_verified', 'true'],
];

describe.each(['verify', 'iam'] as const)('a refusal in access mode %s', (mode) => {
  it.each(NAMED)(
    'of %s names the claim, and what it must be',
    async (_, forge, claim, expected) => {
      const token = mode === 'iam' ? strip(await forge()) : await forge();
      const failure = await check(mode)(bearer(token)).then(
        () => undefined,
        (error: unknown) => error,
      );
      const text = failure instanceof CountersignError ? failure.message : '';
      expect(text).toContain(`Claim "${claim}" of the token must be `);
      expect(text).toContain(expected);
      for (const foreign of ['other.example', 'run.app', 'evil', ...token.split('.').slice(0, 2)])
        expect(text).not.toContain(foreign);
    },
  );
});

describe('access mode verify', () => {
  it('accepts what the issuer signed for us, and fetches its keys once', async () => {
    const keys = serveKeys();
    const verify = check('verify', keys.fetch);
    const token = await issuer.sign(CLAIMS);
    expect(await verify(bearer(token))).toEqual({ email: EMAIL });
    await verify(bearer(token));
    expect(keys.calls()).toBe(1);
  });

  it.each([
    ['expired', { exp: SECONDS - 59 }],
    ['not yet valid', { nbf: SECONDS + 59 }],
  ])('forgives clocks that differ: %s by less than a minute', async (_case, overrides) => {
    const token = await issuer.sign(claims(overrides));
    expect(await check('verify')(bearer(token))).toEqual({ email: EMAIL });
  });

  it.each(CLAIM_FORGERIES)('refuses a token %s', async (_case, forge, code) => {
    expect(await refusalOf(check('verify'), await forge())).toEqual({
      code,
      retry: false,
      leaks: false,
    });
  });

  it.each(SIGNATURE_FORGERIES)('refuses a token %s', async (_case, forge) => {
    expect(await refusalOf(check('verify'), await forge())).toEqual({
      code: 'unauthenticated',
      retry: false,
      leaks: false,
    });
  });

  it.each([
    ['no Authorization header', new Headers()],
    ['another scheme', new Headers({ authorization: 'Basic dXNlcjpwYXNz' })],
    ['two tokens', new Headers({ authorization: 'Bearer a, Bearer b' })],
    ['the token in another header', new Headers({ 'x-goog-iap-jwt-assertion': 'a.b.c' })],
  ])('refuses %s', async (_case, headers) => {
    await expect(check('verify')(headers)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it.each([
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed'))],
    ['answers 500', () => Promise.resolve(new Response('', { status: 500 }))],
    ['answers nonsense', () => Promise.resolve(Response.json({ keys: 'no' }))],
  ])('cannot decide, and reports that a retry helps, when the issuer %s', async (_case, fetch) => {
    const token = await issuer.sign(CLAIMS);
    await expect(check('verify', fetch)(bearer(token))).rejects.toMatchObject({
      code: 'key-unavailable',
      retry: true,
    });
  });

  it('does not fetch keys again for each unknown key id', async () => {
    const keys = serveKeys();
    const verify = check('verify', keys.fetch);
    for (const kid of ['a', 'b', 'c', 'd']) {
      const token = await issuer.sign(CLAIMS, { kid });
      await expect(verify(bearer(token))).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(keys.calls()).toBe(1);
  });
});

describe('access mode iam', () => {
  it('accepts what Cloud Run checked and stripped', async () => {
    const token = strip(await issuer.sign(CLAIMS));
    expect(await check('iam')(bearer(token))).toEqual({ email: EMAIL });
  });

  it.each(CLAIM_FORGERIES)('refuses a stripped token %s', async (_case, forge, code) => {
    expect(await refusalOf(check('iam'), strip(await forge()))).toEqual({
      code,
      retry: false,
      leaks: false,
    });
  });

  it.each([
    ['still signed, so that Cloud Run did not check it', () => issuer.sign(CLAIMS)],
    ['without any signature', async () => new UnsecuredJWT(CLAIMS).encode()],
    ['that is no token', async () => 'a.b.SIGNATURE_REMOVED_BY_GOOGLE'],
    ['that is oversized', async () => strip(await signed({ padding: 'x'.repeat(9000) })())],
  ])('refuses a token %s', async (_case, forge) => {
    expect(await refusalOf(check('iam'), await forge())).toEqual({
      code: 'unauthenticated',
      retry: false,
      leaks: false,
    });
  });

  it('refuses a request of which Cloud Run checked another header', async () => {
    const headers = bearer(strip(await issuer.sign(CLAIMS)));
    headers.set('x-serverless-authorization', 'Bearer anything');
    await expect(check('iam')(headers)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('access mode iap', () => {
  it('accepts an assertion, which has no email_verified', async () => {
    const token = await issuer.sign(claims({ email_verified: undefined }));
    const headers = new Headers({ 'x-goog-iap-jwt-assertion': token });
    expect(await check('iap')(headers)).toEqual({ email: EMAIL });
  });

  it('refuses an assertion of a caller who is not on the list', async () => {
    const token = await issuer.sign({ ...CLAIMS, email: 'evil@acme.example' });
    const headers = new Headers({ 'x-goog-iap-jwt-assertion': token });
    await expect(check('iap')(headers)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('refuses the same token as Authorization', async () => {
    expect(await refusalOf(check('iap'), await issuer.sign(CLAIMS))).toEqual({
      code: 'unauthenticated',
      retry: false,
      leaks: false,
    });
  });
});

describe('access mode none', () => {
  const deps = { now: () => NOW };

  it.each(['127.0.0.1', '::1', 'localhost'])('admits any caller on %s', async (host) => {
    const caller = await createCallerCheck({ mode: 'none' }, { ...deps, host })(new Headers());
    expect(caller).toEqual({});
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'host.example', ''])('does not start on %j', (host) => {
    expect(() => createCallerCheck({ mode: 'none' }, { ...deps, host })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });

  it.each([
    ['127.0.0.1:8080', true],
    ['localhost:8080', true],
    ['[::1]:8080', true],
    ['rebound.example:8080', false],
    ['127.0.0.1.example', false],
  ])('answers a request to Host %s: %s', async (host, answered) => {
    const caller = createCallerCheck({ mode: 'none' }, { ...deps, host: '127.0.0.1' });
    const outcome = await caller(new Headers({ host })).catch((error: unknown) => error);
    expect(outcome).toMatchObject(answered ? {} : { code: 'forbidden' });
    expect(outcome instanceof Error).toBe(!answered);
  });
});

/** How a token is refused, and whether a word of it got out. */
async function refusalOf(verify: CheckCaller, token: string): Promise<object> {
  const error: unknown = await verify(bearer(token)).catch((thrown: unknown) => thrown);
  if (!(error instanceof CountersignError)) return { accepted: error };
  const [, payload = token] = token.split('.');
  const leaks = payload.length > 8 && inspect(error).includes(payload);
  return { code: error.code, retry: error.retry, leaks };
}
