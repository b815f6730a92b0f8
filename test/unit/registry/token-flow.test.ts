import { describe, expect, it } from 'vitest';
import type { RegistryDeps } from '#shared/registry/http-registry.ts';
import { MEETING_MS } from '#shared/registry/authorizer.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { until } from '#test/fixtures/until.ts';
import { challenge, codeOf, failureOf, json, NOW, scripted } from './scripted-registry.ts';

const REALM = 'Bearer realm="https://registry.test/token",service="registry.test"';
const manifest = (): Response => json({ schemaVersion: 2 });

function rule(auth: 'none' | 'google' | 'dockerConfig', realms: readonly string[] = []) {
  return { registries: [{ host: 'registry.test', plainHttp: false, auth, realms }] };
}

const dockerConfig = async (): Promise<string> =>
  JSON.stringify({ auths: { 'registry.test': { username: 'ada', password: 'secret' } } });
const BASIC = `Basic ${Buffer.from('ada:secret').toString('base64')}`;

/** Answers like a registry that wants the newest token it issued. */
function tokenRegistry(life?: number) {
  let issued = 0;
  return (url: URL, request: { authorization: string | null }): Response => {
    if (url.pathname === '/token') {
      issued += 1;
      return json({ token: `t${issued}`, ...(life === undefined ? {} : { expires_in: life }) });
    }
    return request.authorization === `Bearer t${issued}` ? manifest() : challenge(REALM);
  };
}

describe('token flow', () => {
  it('asks the realm anonymously, for pulling this repository and no more', async () => {
    const { registry, seen } = scripted((url, request) =>
      url.pathname === '/token' || request.authorization
        ? json({ token: 't1' })
        : challenge(`${REALM},scope="repository:other:pull,push,delete"`),
    );
    await registry.manifest('registry.test/a/b', 'v1');
    expect(seen.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['https://registry.test/v2/a/b/manifests/v1', null],
      ['https://registry.test/token?service=registry.test&scope=repository%3Aa%2Fb%3Apull', null],
      ['https://registry.test/v2/a/b/manifests/v1', 'Bearer t1'],
    ]);
  });

  it('keeps a token per repository until shortly before it expires', async () => {
    let now = NOW;
    const { registry, seen } = scripted(tokenRegistry(300), { now: () => now });
    const tokens = (): number => seen.filter(({ url }) => url.includes('/token')).length;
    await registry.manifest('registry.test/a', 'v1');
    now = new Date(NOW.getTime() + 284_000);
    await registry.manifest('registry.test/a', 'v1');
    expect(tokens()).toBe(1);
    now = new Date(NOW.getTime() + 286_000);
    await registry.manifest('registry.test/a', 'v1');
    expect(tokens()).toBe(2);
    await registry.manifest('registry.test/b', 'v1');
    expect(tokens()).toBe(3);
  });

  it('asks for the next token before it is refused the old one, once for all', async () => {
    let now = NOW;
    const { registry, seen } = scripted(tokenRegistry(300), { now: () => now });
    await registry.manifest('registry.test/a', 'v1');
    now = new Date(NOW.getTime() + 286_000);
    const before = seen.length;
    await Promise.all([1, 2, 3, 4].map((tag) => registry.manifest('registry.test/a', `v${tag}`)));
    expect(seen.slice(before).map(({ authorization }) => authorization)).toEqual([
      null,
      ...Array.from({ length: 4 }, () => 'Bearer t2'),
    ]);
  });

  it('does as the registry asks anew where the next token is not to be had as before', async () => {
    let now = NOW;
    let realm = 'token';
    const { registry, seen } = scripted(
      (url, { authorization }) => {
        if (url.pathname === `/${realm}`) return json({ token: realm, expires_in: 300 });
        const asked = `Bearer realm="https://registry.test/${realm}"`;
        return authorization === `Bearer ${realm}` ? manifest() : challenge(asked);
      },
      { now: () => now },
    );
    await registry.manifest('registry.test/a', 'v1');
    now = new Date(NOW.getTime() + 286_000);
    realm = 'elsewhere';
    const before = seen.length;
    expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe('none');
    expect(seen.slice(before).map(({ url }) => new URL(url).pathname)).toEqual([
      '/token',
      '/v2/a/manifests/v1',
      '/elsewhere',
      '/v2/a/manifests/v1',
    ]);
  });

  it('asks once again when a kept token is refused, and gives up when the new one is too', async () => {
    let revoked = false;
    const { registry, seen } = scripted((url, request) => {
      if (url.pathname === '/token') return json({ access_token: 'new' });
      return revoked || request.authorization === null ? challenge(REALM) : manifest();
    });
    await registry.manifest('registry.test/a', 'v1');
    revoked = true;
    expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe('registry-denied');
    expect(seen.filter(({ url }) => url.includes('/token'))).toHaveLength(2);
    expect(seen).toHaveLength(6);
  });

  it('asks for one token however many wait for it', async () => {
    const { registry, seen } = scripted(tokenRegistry());
    await Promise.all([1, 2, 3, 4].map((tag) => registry.manifest('registry.test/a', `v${tag}`)));
    expect(seen.filter(({ url }) => url.includes('/token'))).toHaveLength(1);
  });

  it('has one request find out what a registry wants, for all that come meanwhile', async () => {
    const { registry, seen } = scripted(tokenRegistry());
    await Promise.all([1, 2, 3, 4].map((tag) => registry.manifest('registry.test/a', `v${tag}`)));
    const all = Array.from({ length: 4 }, () => 'Bearer t1');
    expect(seen.map(({ authorization }) => authorization)).toEqual([null, null, ...all]);
  });

  it('asks for the token of another repository before it is refused', async () => {
    const { registry, seen } = scripted(tokenRegistry());
    await registry.manifest('registry.test/a', 'v1');
    const before = seen.length;
    await Promise.all([1, 2, 3, 4].map((tag) => registry.manifest('registry.test/b', `v${tag}`)));
    expect(seen.slice(before).map(({ url, authorization }) => [url, authorization])).toEqual([
      ['https://registry.test/token?service=registry.test&scope=repository%3Ab%3Apull', null],
      ...[1, 2, 3, 4].map((tag) => [`https://registry.test/v2/b/manifests/v${tag}`, 'Bearer t2']),
    ]);
  });

  it('asks a repository that gives no token without one, until it wants one', async () => {
    let isOpen = true;
    const { registry, seen } = scripted((url, { authorization }) => {
      const wanted = url.pathname.includes('/open/') && isOpen ? null : 'Bearer t';
      if (url.pathname !== '/token')
        return authorization === wanted ? manifest() : challenge(REALM);
      return isOpen && url.search.includes('open') ? json({}, 403) : json({ token: 't' });
    });
    const paths = (): readonly string[] => seen.map(({ url }) => new URL(url).pathname);
    await registry.manifest('registry.test/a', 'v1');
    const before = seen.length;
    await registry.manifest('registry.test/open', 'v1');
    await registry.manifest('registry.test/open', 'v2');
    expect(paths().slice(before)).toEqual([
      '/token',
      '/v2/open/manifests/v1',
      '/v2/open/manifests/v2',
    ]);
    isOpen = false;
    expect(await codeOf(registry.manifest('registry.test/open', 'v3'))).toBe('none');
  });

  it('does not wait long for a first request that fails', async () => {
    let failed = 0;
    const { registry, seen } = scripted(
      () => {
        failed += 1;
        return failed === 1 ? json({}, 500) : manifest();
      },
      { limits: { retries: 0 } },
    );
    const asked = [1, 2, 3].map((tag) => codeOf(registry.manifest('registry.test/a', `v${tag}`)));
    expect(await Promise.all(asked)).toEqual(['registry-unavailable', 'none', 'none']);
    expect(seen).toHaveLength(3);
  });

  it('waits only a moment for a first request that hangs', async () => {
    const held = Promise.withResolvers<Response>();
    const { registry, seen } = scripted((url) =>
      url.pathname.endsWith('/hangs') ? held.promise : manifest(),
    );
    using moment = holdTimers(MEETING_MS);
    const hanging = registry.manifest('registry.test/a', 'hangs');
    await until(() => seen.length === 1);
    const other = codeOf(registry.manifest('registry.test/a', 'v1'));
    await until(() => moment.count() === 1);
    moment.pass();
    expect(await other).toBe('none');
    held.resolve(manifest());
    await hanging;
  });

  it('takes the token that another request got while its own was refused', async () => {
    let wanted = 't1';
    let issued = 0;
    const held = Promise.withResolvers<void>();
    const { registry, seen } = scripted(async (url, { authorization }) => {
      if (url.pathname === '/token') {
        issued += 1;
        return json({ token: `t${issued}` });
      }
      const refused = authorization !== `Bearer ${wanted}`;
      if (url.pathname.endsWith('/late') && refused) await held.promise;
      return refused ? challenge(REALM) : manifest();
    });
    await registry.manifest('registry.test/a', 'v1');
    wanted = 't2';
    const late = registry.manifest('registry.test/a', 'late');
    await registry.manifest('registry.test/a', 'v1');
    held.resolve();
    expect(await codeOf(late)).toBe('none');
    expect(seen.filter(({ url }) => url.includes('/token'))).toHaveLength(2);
  });

  it('sends the Docker config credentials to the realm, not to the registry', async () => {
    const { registry, seen } = scripted(tokenRegistry(), { ...rule('dockerConfig'), dockerConfig });
    await registry.manifest('registry.test/a', 'v1');
    expect(seen.map(({ authorization }) => authorization)).toEqual([null, BASIC, 'Bearer t1']);
  });

  it('answers a Basic challenge with the Docker config credentials', async () => {
    const script = (_: URL, { authorization }: { authorization: string | null }): Response =>
      authorization === BASIC ? manifest() : challenge('Basic realm="x"');
    const { registry, seen } = scripted(script, { ...rule('dockerConfig'), dockerConfig });
    await registry.manifest('registry.test/a', 'v1');
    await registry.manifest('registry.test/a', 'v2');
    expect(seen.map(({ authorization }) => authorization)).toEqual([null, BASIC, BASIC]);
  });

  it('sends Google hosts the Google token at once and never trades it', async () => {
    const { registry, seen } = scripted(() =>
      challenge('Bearer realm="https://evil.test/token",service="x"'),
    );
    expect(await codeOf(registry.manifest('us-docker.pkg.dev/p/r/i', 'v1'))).toBe(
      'registry-denied',
    );
    expect(seen.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['https://us-docker.pkg.dev/v2/p/r/i/manifests/v1', 'Bearer google-token'],
    ]);
  });

  it('takes a missing Google token for an outage', async () => {
    const googleToken = (): Promise<string> => Promise.reject(new Error('no metadata server'));
    const { registry, seen } = scripted(manifest, { googleToken });
    expect(await codeOf(registry.manifest('gcr.io/p/i', 'v1'))).toBe('registry-unavailable');
    expect(seen).toEqual([]);
  });

  it('does not send a Google token unencrypted', async () => {
    const registries = [{ host: 'registry.test', plainHttp: true, auth: 'google' as const }];
    const { registry, seen } = scripted(manifest, { registries });
    expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe('bad-config');
    expect(seen).toEqual([]);
  });

  it.each<[string, string, Partial<RegistryDeps>, string]>([
    ['on a foreign host', 'https://evil.test/token', {}, 'registry-not-allowed'],
    [
      'on the same name at another port',
      'https://registry.test:8443/t',
      {},
      'registry-not-allowed',
    ],
    ['without TLS', 'http://registry.test/token', {}, 'registry-not-allowed'],
    ['with credentials in it', 'https://a:b@registry.test/token', {}, 'registry-not-allowed'],
    ['that is no address', 'token', {}, 'registry-misbehaved'],
    [
      'that the entry lists',
      'https://auth.test/token',
      rule('dockerConfig', ['auth.test']),
      'none',
    ],
    [
      'listed, without TLS',
      'http://auth.test/token',
      rule('dockerConfig', ['auth.test']),
      'registry-not-allowed',
    ],
    [
      'beside the listed one',
      'https://xauth.test/token',
      rule('dockerConfig', ['auth.test']),
      'registry-not-allowed',
    ],
  ])('treats a realm %s as it should', async (_, realm, overrides, code) => {
    const script = (url: URL, request: { authorization: string | null }): Response => {
      if (url.pathname === '/token') return json({ token: 't1' });
      return request.authorization ? manifest() : challenge(`Bearer realm="${realm}"`);
    };
    const { registry, seen } = scripted(script, {
      ...rule('dockerConfig'),
      dockerConfig,
      ...overrides,
    });
    expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe(code);
    const sent = seen.filter(({ authorization }) => authorization === BASIC);
    expect(sent).toHaveLength(code === 'none' ? 1 : 0);
  });

  it.each([
    ['no token', () => json({}), 'registry-misbehaved'],
    [
      'a token that breaks out of its header',
      () => json({ token: 'a\r\nx: y' }),
      'registry-misbehaved',
    ],
    ['a page', () => new Response('<html>'), 'registry-misbehaved'],
    ['a redirect', () => Response.redirect('https://evil.test/'), 'registry-misbehaved'],
    ['401', () => json({}, 401), 'registry-denied'],
    ['403', () => json({}, 403), 'registry-denied'],
    ['500', () => json({}, 500), 'registry-unavailable'],
    ['far too much', () => new Response('x'.repeat(70_000)), 'too-large'],
  ])('takes %s from the realm as %s', async (_, answer, code) => {
    const { registry } = scripted((url) =>
      url.pathname === '/token' ? answer() : challenge(REALM),
    );
    expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe(code);
  });

  it.each(['', 'Basic realm="x"', 'Digest realm="x"', 'Bearer realm="unclosed'])(
    'is denied by the challenge %j, which it cannot meet',
    async (header) => {
      const { registry, seen } = scripted(() => challenge(header));
      expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe('registry-denied');
      expect(seen).toHaveLength(1);
    },
  );

  it('names no credential in its failures', async () => {
    const { registry } = scripted(() => challenge(REALM), {
      ...rule('dockerConfig'),
      dockerConfig,
    });
    const failure = await failureOf(registry.manifest('registry.test/a', 'v1'));
    expect(`${failure?.message}${failure?.stack}`).not.toMatch(/secret|YWRh/);
  });

  it('fails as configured wrongly when there is no Docker config to read', async () => {
    const none = scripted(() => challenge(REALM), rule('dockerConfig'));
    expect(await codeOf(none.registry.manifest('registry.test/a', 'v1'))).toBe('bad-config');
    const unreadable = scripted(() => challenge(REALM), {
      ...rule('dockerConfig'),
      dockerConfig: () => Promise.reject(new Error('ENOENT')),
    });
    expect(await codeOf(unreadable.registry.manifest('registry.test/a', 'v1'))).toBe('bad-config');
  });
});
