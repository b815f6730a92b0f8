import { createHmac } from 'node:crypto';
import type { CryptoKey, JWTPayload } from 'jose';
import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPersonCheck } from '#functions/api/check-person.ts';
import { JWKS_COOLDOWN_MS, JWKS_MAX_AGE_MS } from '#shared/http/limits.ts';
import { GOOGLE, IAP } from '#shared/http/verify-token.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { createMemoryOrders } from '#test/fakes/memory-orders.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { type ApiWorld, createApiWorld } from '#test/fixtures/api-world.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const AUDIENCE = 'https://countersign.example';
const VIEWER = 'dev@acme.example';
const INVOKER = 'ops@acme.example';
const OVERRIDER = 'oncall@acme.example';

type Mode = 'verify' | 'iap';
const MODES = ['verify', 'iap'] as const;
/** The issuer that each mode believes, with the algorithm that it signs with. */
const ISSUERS = {
  verify: { issuer: GOOGLE, iss: 'https://accounts.google.com', alg: 'RS256' },
  iap: { issuer: IAP, iss: 'https://cloud.google.com/iap', alg: 'ES256' },
} as const;
const HEADERS = {
  verify: (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` }),
  iap: (token: string): Record<string, string> => ({ 'x-goog-iap-jwt-assertion': token }),
};

interface Keys {
  readonly mine: CryptoKey;
  readonly stranger: CryptoKey;
  readonly publicPem: string;
  readonly jwk: object;
}

const keys = new Map<Mode, Keys>();
/** Real issuers publish their keys by HTTP, and so does this one. */
const published = new Hono();
let server: ServerType;

beforeAll(async () => {
  for (const mode of MODES) {
    const { alg } = ISSUERS[mode];
    const pair = await generateKeyPair(alg, { extractable: true });
    const { privateKey: stranger } = await generateKeyPair(alg);
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg, use: 'sig' };
    const publicPem = await exportSPKI(pair.publicKey);
    keys.set(mode, { mine: pair.privateKey, stranger, publicPem, jwk });
    published.get(`/${mode}`, (c) => c.json({ keys: [jwk] }));
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  server = serve({ fetch: published.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve());
  await promise;
});
afterAll(() => {
  server?.close();
});

function keysOf(mode: Mode): Keys {
  const found = keys.get(mode);
  if (found === undefined) throw new Error(`No keys for ${mode}`);
  return found;
}

function claimsOf(mode: Mode, overrides: Readonly<Record<string, unknown>> = {}): JWTPayload {
  // IAP signed the person in by itself, and says nothing of the address being verified.
  const verified = mode === 'verify' ? { email_verified: true } : {};
  const claims = {
    iss: ISSUERS[mode].iss,
    aud: AUDIENCE,
    email: INVOKER,
    ...verified,
    iat: SECONDS - 10,
    exp: SECONDS + 3600,
    ...overrides,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

function sign(mode: Mode, overrides: Readonly<Record<string, unknown>> = {}, header = {}) {
  return signWith(keysOf(mode).mine, mode, overrides, header);
}

function signWith(
  signer: CryptoKey,
  mode: Mode,
  overrides: Readonly<Record<string, unknown>> = {},
  header = {},
): Promise<string> {
  return new SignJWT(claimsOf(mode, overrides))
    .setProtectedHeader({ alg: ISSUERS[mode].alg, kid: 'k1', ...header })
    .sign(signer);
}

function hmacWithPublicKey(mode: Mode): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'HS256', kid: 'k1', typ: 'JWT' })}.${part(claimsOf(mode))}`;
  const hmac = createHmac('sha256', keysOf(mode).publicPem).update(input).digest('base64url');
  return `${input}.${hmac}`;
}

/** The API as it is deployed: Google's issuers, at this machine's address. */
function guarded(mode: Mode): ApiWorld {
  const access = {
    mode,
    audience: AUDIENCE,
    viewers: [VIEWER],
    invokers: [INVOKER],
    approvers: [],
    overriders: [OVERRIDER],
  } as const;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The issuer is not up');
  const jwksUrl = `http://127.0.0.1:${address.port}/${mode}`;
  const issuer = { ...ISSUERS[mode].issuer, jwksUrl };
  const deps = { host: '0.0.0.0', now: () => NOW, issuer };
  const checkPerson = createPersonCheck({ ...access }, deps);
  const staging = {
    strategies: { of: () => undefined },
    records: createMemoryRecords().open(),
    freezes: createMemoryFreezes().open(),
    orders: createMemoryOrders().open(),
  };
  return createApiWorld({}, { checkPerson, staging });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const OPERATIONS: readonly [string, string, RequestInit][] = [
  ['GET', '/', {}],
  ['GET', '/v1/fleet', {}],
  ['GET', '/v1/explain?cluster=cluster-1&sync=RootSync/root-sync', {}],
  ['POST', '/v1/verify', { body: '{"image":"us-docker.pkg.dev/acme/configs/platform:v1"}' }],
  ['POST', '/v1/resync', { body: '{}' }],
  ['POST', '/v1/resync', { body: '{"dryRun":true}' }],
  ['PUT', '/v1/holds/cluster-1', { body: '{"reason":"INC-7"}' }],
  ['DELETE', '/v1/holds/cluster-1?reason=INC-7', {}],
];

function call(
  world: ApiWorld,
  [method, path, init]: (typeof OPERATIONS)[number],
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return world.request(path, { method, ...init, headers: { ...JSON_TYPE, ...headers } });
}

const STRIPPED = 'SIGNATURE_REMOVED_BY_GOOGLE';
/** A case with a mode is about a claim that only tokens of that mode have. */
type Forged = readonly [string, (mode: Mode) => string | Promise<string>, 401 | 403, Mode?];
const FORGED: readonly Forged[] = [
  ['no token at all', () => '', 401],
  ['another audience', (mode) => sign(mode, { aud: 'https://other.example' }), 401],
  ['several audiences, ours among them', (mode) => sign(mode, { aud: [AUDIENCE, 'x'] }), 401],
  ['no audience', (mode) => sign(mode, { aud: undefined }), 401],
  ['another issuer', (mode) => sign(mode, { iss: `${ISSUERS[mode].iss}.evil` }), 401],
  ['no issuer', (mode) => sign(mode, { iss: undefined }), 401],
  [
    'an e-mail that is not verified',
    (mode) => sign(mode, { email_verified: false }),
    403,
    'verify',
  ],
  [
    'an e-mail of which it is not said',
    (m) => sign(m, { email_verified: undefined }),
    403,
    'verify',
  ],
  ['"true" as text', (mode) => sign(mode, { email_verified: 'true' }), 403, 'verify'],
  ['another caller', (mode) => sign(mode, { email: 'evil@acme.example' }), 403],
  ['a name that begins as ours', (mode) => sign(mode, { email: `${INVOKER}.evil` }), 403],
  ['another case of our name', (mode) => sign(mode, { email: INVOKER.toUpperCase() }), 403],
  ['a list of names', (mode) => sign(mode, { email: [INVOKER] }), 403],
  ['no e-mail', (mode) => sign(mode, { email: undefined }), 401],
  ['an expired token', (mode) => sign(mode, { exp: SECONDS - 61 }), 401],
  ['a token not yet valid', (mode) => sign(mode, { nbf: SECONDS + 61 }), 401],
  ['no expiry', (mode) => sign(mode, { exp: undefined }), 401],
  ['alg none', (mode) => new UnsecuredJWT(claimsOf(mode)).encode(), 401],
  ['HS256 over the public key', (mode) => hmacWithPublicKey(mode), 401],
  ['an unknown key id', (mode) => sign(mode, {}, { kid: 'k9' }), 401],
  ["a stranger's key under our key id", (mode) => signWith(keysOf(mode).stranger, mode), 401],
  ['an oversized token', (mode) => sign(mode, { padding: 'x'.repeat(9_000) }), 401],
  ['a stripped signature', async (mode) => (await sign(mode)).replace(/[^.]*$/, STRIPPED), 401],
  ['a token of the other mode', (mode) => sign(mode === 'iap' ? 'verify' : 'iap'), 401],
  ['nonsense', () => 'a.b.c', 401],
];
const CASES = MODES.flatMap((mode) =>
  FORGED.filter(([, , , only]) => only === undefined || only === mode).map(
    ([name, forge, status]) => ({ mode, name, forge, status }),
  ),
);

describe.each(CASES)('in mode $mode $name', ({ mode, forge, status }) => {
  it(`is refused by every operation with ${status}, and leaks nothing`, async () => {
    const world = guarded(mode);
    const token = await forge(mode);
    const secrets = token.split('.').filter(({ length }) => length > 8);
    for (const operation of OPERATIONS) {
      const answer = await call(world, operation, token === '' ? {} : HEADERS[mode](token));
      const text = await answer.text();
      const [method, path] = operation;
      const place = `${method} ${path}`;
      expect([place, answer.status]).toEqual([place, status]);
      expect(JSON.parse(text)).toMatchObject({ status, type: 'about:blank' });
      expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
      // Neither in the answer nor in the log.
      for (const secret of secrets) {
        expect(text + JSON.stringify(world.lines)).not.toContain(secret);
      }
      expect(text).not.toContain(VIEWER);
    }
    expect({ tasks: world.tasks, events: world.events, resolved: world.resolved }).toEqual({
      tasks: [],
      events: [],
      resolved: [],
    });
    expect(Object.values(world.calls())).toEqual([0, 0, 0]);
  });
});

describe.each(MODES)('roles in mode %s', (mode) => {
  it('allow an invoker everything', async () => {
    const world = guarded(mode);
    const headers = HEADERS[mode](await sign(mode));
    for (const operation of OPERATIONS) {
      expect((await call(world, operation, headers)).status).toBeLessThan(300);
    }
    expect(world.tasks[0]).toMatchObject({ actor: INVOKER });
  });

  it('allow a viewer to look, and not to resync', async () => {
    const world = guarded(mode);
    const headers = HEADERS[mode](await sign(mode, { email: VIEWER }));
    const statuses: number[] = [];
    for (const operation of OPERATIONS) {
      statuses.push((await call(world, operation, headers)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 403, 403, 403, 403]);
    expect(world.tasks).toEqual([]);
    expect(world.events).toEqual([]);
  });

  it('allow an overrider what an invoker may', async () => {
    const world = guarded(mode);
    const headers = HEADERS[mode](await sign(mode, { email: OVERRIDER }));
    const body = '{"dryRun":true}';
    expect((await call(world, ['POST', '/v1/resync', { body }], headers)).status).toBe(200);
  });

  it('are read from the token of that mode alone', async () => {
    const world = guarded(mode);
    const token = await sign(mode);
    const ask = async (headers: Record<string, string>) =>
      (await world.request('/v1/fleet', { headers })).status;
    expect(await ask(HEADERS[mode](token))).toBe(200);
    expect(await ask(HEADERS[mode === 'iap' ? 'verify' : 'iap'](token))).toBe(401);
    const claimed = { 'x-goog-authenticated-user-email': `accounts.google.com:${INVOKER}` };
    expect(await ask(claimed)).toBe(401);
    expect(await ask({ authorization: `Basic ${btoa(`${INVOKER}:x`)}` })).toBe(401);
  });
});

// With X-Serverless-Authorization a caller passes Cloud Run's own check, which strips that token's signature and
// leaves Authorization as it was (docs/facts/google-cloud.md#tokens).
describe('X-Serverless-Authorization', () => {
  const ask = async (headers: Record<string, string>) =>
    (await guarded('verify').request('/v1/fleet', { headers })).status;

  it('admits no caller by itself, stripped or whole', async () => {
    const token = await sign('verify');
    const stripped = token.replace(/[^.]*$/, STRIPPED);
    expect(await ask({ 'x-serverless-authorization': `Bearer ${token}` })).toBe(401);
    expect(await ask({ 'x-serverless-authorization': `Bearer ${stripped}` })).toBe(401);
  });

  it('does not stand in the way of a whole token in Authorization', async () => {
    const token = await sign('verify');
    const other = await sign('verify', { email: 'robot@acme.example' });
    const outer = `Bearer ${other.replace(/[^.]*$/, STRIPPED)}`;
    const headers = { ...HEADERS.verify(token), 'x-serverless-authorization': outer };
    expect(await ask(headers)).toBe(200);
  });
});

// jose keeps its own time for what it keeps; the tokens' time is ours, and stands still.
describe.each(MODES)('keys of the issuer in mode %s', (mode) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are kept, fetched anew for another key id, and gone within an hour of being retired', async () => {
    const { alg, issuer } = ISSUERS[mode];
    const next = await generateKeyPair(alg);
    const nextJwk = { ...(await exportJWK(next.publicKey)), kid: 'k2', alg, use: 'sig' };
    let served: readonly object[] = [keysOf(mode).jwk];
    let fetches = 0;
    const fetch = async () => {
      fetches += 1;
      return Response.json({ keys: served });
    };
    const access = {
      mode,
      audience: AUDIENCE,
      viewers: [VIEWER],
      invokers: [INVOKER],
      approvers: [],
      overriders: [OVERRIDER],
    } as const;
    const deps = { host: '0.0.0.0', now: () => NOW, issuer, fetch };
    const checkPerson = createPersonCheck({ ...access }, deps);
    const ask = (token: string) => checkPerson(new Headers(HEADERS[mode](token)));
    const old = await sign(mode);
    const rotated = await signWith(next.privateKey, mode, {}, { kid: 'k2' });

    await ask(old);
    await expect(ask(rotated)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(fetches).toBe(1);

    // Both are published for a while, as issuers do.
    served = [keysOf(mode).jwk, nextJwk];
    vi.setSystemTime(Date.now() + JWKS_COOLDOWN_MS + 1);
    expect(await ask(rotated)).toEqual({ name: INVOKER, mayInvoke: true, mayOverride: false });
    const other = await signWith(next.privateKey, mode, { email: OVERRIDER }, { kid: 'k2' });
    expect(await ask(other)).toEqual({ name: OVERRIDER, mayInvoke: true, mayOverride: true });
    await ask(old);
    expect(fetches).toBe(2);

    served = [nextJwk];
    vi.setSystemTime(Date.now() + JWKS_MAX_AGE_MS + 1);
    await ask(rotated);
    await expect(ask(old)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(fetches).toBe(3);
  });
});

describe('access to no caller', () => {
  it('is no way to start', () => {
    expect(() => createPersonCheck(undefined, { host: '127.0.0.1', now: () => NOW })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });

  it('to every caller is for loopback only', () => {
    const open = { mode: 'none' } as const;
    expect(() => createPersonCheck(open, { host: '0.0.0.0', now: () => NOW })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });
});
