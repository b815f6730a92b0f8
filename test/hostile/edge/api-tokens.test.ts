import { createHmac } from 'node:crypto';
import type { CryptoKey, JWTPayload } from 'jose';
import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPersonCheck } from '#functions/api/check-person.ts';
import { type ApiWorld, createApiWorld } from '#test/fixtures/api-world.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const AUDIENCE = 'https://countersign.example';
const VIEWER = 'dev@acme.example';
const INVOKER = 'ops@acme.example';
const CLAIMS: JWTPayload = {
  iss: 'https://accounts.test',
  aud: AUDIENCE,
  email: INVOKER,
  email_verified: true,
  iat: SECONDS - 10,
  exp: SECONDS + 3600,
};

let key: CryptoKey;
let stranger: CryptoKey;
let publicPem: string;
let jwks: object;
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  key = pair.privateKey;
  stranger = (await generateKeyPair('RS256')).privateKey;
  publicPem = await exportSPKI(pair.publicKey);
  jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] };
});

function sign(overrides: Readonly<Record<string, unknown>> = {}, header = {}): Promise<string> {
  return signWith(key, overrides, header);
}

function signWith(
  signer: CryptoKey,
  overrides: Readonly<Record<string, unknown>> = {},
  header = {},
): Promise<string> {
  const claims = Object.entries({ ...CLAIMS, ...overrides }).filter(
    ([, value]) => value !== undefined,
  );
  return new SignJWT(Object.fromEntries(claims))
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
    .sign(signer);
}

function hmacWithPublicKey(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'HS256', kid: 'k1', typ: 'JWT' })}.${part(CLAIMS)}`;
  return `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`;
}

function guarded(mode: 'verify' | 'iap' = 'verify'): ApiWorld {
  const access = { mode, audience: AUDIENCE, viewers: [VIEWER], invokers: [INVOKER] } as const;
  const issuer = {
    names: ['https://accounts.test'],
    jwksUrl: 'https://accounts.test/keys',
    algorithms: ['RS256'],
  } as const;
  const fetch = () => Promise.resolve(Response.json(jwks));
  const deps = { host: '0.0.0.0', now: () => NOW, issuer, fetch };
  const checkPerson = createPersonCheck({ ...access, loopbackOnly: false }, deps);
  return createApiWorld({}, { checkPerson });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const OPERATIONS: readonly [string, string, RequestInit][] = [
  ['GET', '/v1/fleet', {}],
  ['GET', '/v1/explain?cluster=cluster-1&sync=RootSync/root-sync', {}],
  ['POST', '/v1/verify', { body: '{"image":"us-docker.pkg.dev/acme/configs/platform:v1"}' }],
  ['POST', '/v1/resync', { body: '{}' }],
  ['POST', '/v1/resync', { body: '{"dryRun":true}' }],
];

function call(
  world: ApiWorld,
  [method, path, init]: (typeof OPERATIONS)[number],
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return world.request(path, { method, ...init, headers: { ...JSON_TYPE, ...headers } });
}

const FORGED: readonly [string, () => string | Promise<string>, number][] = [
  ['another audience', () => sign({ aud: 'https://other.example' }), 401],
  ['several audiences, ours among them', () => sign({ aud: [AUDIENCE, 'x'] }), 401],
  ['another issuer', () => sign({ iss: 'https://accounts.test.evil' }), 401],
  ['an e-mail that is not verified', () => sign({ email_verified: false }), 403],
  ['"true" as text', () => sign({ email_verified: 'true' }), 403],
  ['somebody else', () => sign({ email: 'evil@acme.example' }), 403],
  ['a name that begins as ours', () => sign({ email: `${INVOKER}.evil` }), 403],
  ['another case of our name', () => sign({ email: INVOKER.toUpperCase() }), 403],
  ['no e-mail', () => sign({ email: undefined }), 401],
  ['an expired token', () => sign({ exp: SECONDS - 61 }), 401],
  ['a token not yet valid', () => sign({ nbf: SECONDS + 61 }), 401],
  ['no expiry', () => sign({ exp: undefined }), 401],
  ['alg none', () => new UnsecuredJWT(CLAIMS).encode(), 401],
  ['HS256 over the public key', () => hmacWithPublicKey(), 401],
  ['an unknown key id', () => sign({}, { kid: 'k9' }), 401],
  ["a stranger's key under our key id", () => signWith(stranger), 401],
  ['an oversized token', () => sign({ padding: 'x'.repeat(9_000) }), 401],
  [
    'a stripped signature',
    async () => (await sign()).replace(/[^.]*$/, 'SIGNATURE_REMOVED_BY_GOOGLE'),
    401,
  ],
  ['no token at all', () => '', 401],
  ['nonsense', () => 'a.b.c', 401],
];

describe.each(FORGED)('%s', (_, forge, status) => {
  it.each(OPERATIONS)(`is refused by %s %s with ${status}`, async (...operation) => {
    const world = guarded();
    const token = await forge();
    const headers: Record<string, string> =
      token === '' ? {} : { authorization: `Bearer ${token}` };
    const answer = await call(world, operation, headers);
    expect(answer.status).toBe(status);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ status, type: 'about:blank' });
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
    // Neither in the answer nor in the log, and nothing was done.
    for (const part of token.split('.').filter(({ length }) => length > 8)) {
      expect(text + JSON.stringify(world.lines)).not.toContain(part);
    }
    expect(text).not.toContain(VIEWER);
    expect({ tasks: world.tasks, events: world.events, resolved: world.resolved }).toEqual({
      tasks: [],
      events: [],
      resolved: [],
    });
    expect(Object.values(world.calls())).toEqual([0, 0, 0]);
  });
});

describe('roles', () => {
  it('let an invoker do everything', async () => {
    const world = guarded();
    const headers = { authorization: `Bearer ${await sign()}` };
    for (const operation of OPERATIONS) {
      expect((await call(world, operation, headers)).status).toBeLessThan(300);
    }
    expect(world.tasks[0]).toMatchObject({ actor: INVOKER });
  });

  it('let a viewer look, and not resync', async () => {
    const world = guarded();
    const headers = { authorization: `Bearer ${await sign({ email: VIEWER })}` };
    const statuses: number[] = [];
    for (const operation of OPERATIONS) {
      statuses.push((await call(world, operation, headers)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 403, 403]);
    expect(world.tasks).toEqual([]);
    expect(world.events).toEqual([]);
  });

  it.each(['verify', 'iap'] as const)('are read from the token of mode %s alone', async (mode) => {
    const world = guarded(mode);
    const token = await sign();
    const named = {
      verify: { authorization: `Bearer ${token}` },
      iap: { 'x-goog-iap-jwt-assertion': token },
    };
    const other = mode === 'verify' ? named.iap : named.verify;
    const [fleet] = OPERATIONS;
    if (fleet === undefined) throw new Error('No operation');
    expect((await call(world, fleet, named[mode])).status).toBe(200);
    expect((await call(world, fleet, other)).status).toBe(401);
    const claimed = { 'x-goog-authenticated-user-email': `accounts.google.com:${INVOKER}` };
    expect((await call(world, fleet, claimed)).status).toBe(401);
  });
});

describe('access to nobody', () => {
  it('is no way to start', () => {
    expect(() => createPersonCheck(undefined, { host: '127.0.0.1', now: () => NOW })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });

  it('to everybody is for loopback only', () => {
    const open = { mode: 'none', loopbackOnly: true } as const;
    expect(() => createPersonCheck(open, { host: '0.0.0.0', now: () => NOW })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });
});
