import { once } from 'node:events';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { type Server, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHostFetch, type HostFetchDeps } from '#shared/registry/host-fetch.ts';
import type { RegistryRule } from '#shared/registry/host-access.ts';
import { createSend } from '#shared/registry/send.ts';
import { DEFAULT_LIMITS } from '#shared/registry/limits.ts';
import { createPauses } from '#shared/net/pauses.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { failureOf } from './scripted-registry.ts';
import { ANSWERED_MS } from '#test/patience.ts';

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** A registry with a certificate of its own, and a proxy that has each address it is asked for. */
async function start() {
  const tls = createSelfSigned();
  const port = await listen(createServer(tls, (_, response) => response.end('{}')));
  const proxied: string[] = [];
  const proxy = createProxy().on('connect', (request, socket) => {
    proxied.push(request.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on('error', () => socket.destroy());
  });
  const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
  return { host: `127.0.0.1:${port}`, ca: tls.cert, proxied, proxyUrl };
}

/** One GET, as a registry is asked. */
function get(host: string, rule: Partial<RegistryRule>, deps: Partial<HostFetchDeps> = {}) {
  const send = createSend({
    fetch: createHostFetch({
      fetch,
      registries: [{ host, plainHttp: false, auth: 'none', ...rule }],
      readFile: async (path) => path,
      proxyEnv: {},
      ...deps,
    }),
    guard: async () => {},
    limits: DEFAULT_LIMITS,
    pauses: createPauses({ now: () => 0 }),
    now: () => new Date(0),
  });
  const url = new URL(`https://${host}/v2/`);
  const ask = { url, accept: '*/*', authorization: undefined, maxBytes: 100, redirects: 0 };
  return send(ask, AbortSignal.timeout(ANSWERED_MS));
}

describe('a registry with a CA of its own', () => {
  it('is believed by it', async () => {
    const { host, ca } = await start();
    expect(await get(host, { ca })).toMatchObject({ status: 200 });
  });

  it.each<[string, Partial<RegistryRule>]>([
    ['without it', {}],
    ['by another one', { ca: createSelfSigned('other').cert }],
  ])('is not believed %s, and says why', async (_, rule) => {
    const { host } = await start();
    expect(await failureOf(get(host, rule))).toMatchObject({
      code: 'registry-unavailable',
      message: expect.stringMatching(
        /^Cannot reach 127\.0\.0\.1:\d+ \(its certificate is self-signed/,
      ),
    });
  });

  it('has the token servers believed by it that it names, and no other host', async () => {
    const { host, ca } = await start();
    const own = { host: 'registry.test', plainHttp: false, auth: 'none', ca } as const;
    const registries = (realms: readonly string[]) => ({ registries: [{ ...own, realms }] });
    expect(await get(host, {}, registries([host]))).toMatchObject({ status: 200 });
    expect(await failureOf(get(host, {}, registries([])))).toMatchObject({
      code: 'registry-unavailable',
    });
  });

  it('is believed by a new one once the file has it', async () => {
    const { host, ca } = await start();
    const texts = [createSelfSigned('old').cert, ca];
    const fetchOf = createHostFetch({
      fetch,
      registries: [{ host, plainHttp: false, auth: 'none', ca: 'ca.pem' }],
      readFile: async () => texts.shift() ?? ca,
      proxyEnv: {},
    });
    const ask = () =>
      fetchOf(new URL(`https://${host}/`), {
        headers: new Headers(),
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWERED_MS),
      });
    await expect(ask()).rejects.toThrow('fetch failed');
    expect((await ask()).status).toBe(200);
  });

  it('whose file cannot be read names it', async () => {
    const { host } = await start();
    const readFile = () => Promise.reject(new Error('secret'));
    expect(await failureOf(get(host, { ca: '/etc/ca.pem' }, { readFile }))).toMatchObject({
      code: 'registry-unavailable',
      message: expect.stringContaining('"/etc/ca.pem", "ca" of registry'),
    });
  });
});

describe('a registry behind a proxy', () => {
  it('is reached by its own, and verified all the same', async () => {
    const { host, ca, proxied, proxyUrl: proxy } = await start();
    expect(await get(host, { ca, proxy })).toMatchObject({ status: 200 });
    expect(await failureOf(get(host, { proxy }))).toMatchObject({
      message: expect.stringContaining('self-signed'),
    });
    expect(proxied).toEqual([host, host]);
  });

  it.each<[string, Partial<RegistryRule>, string, number]>([
    ['is reached by that of the environment', {}, '', 1],
    ['is not, where NO_PROXY names it', {}, '127.0.0.1', 0],
    ['is not, where it is to have none', { proxy: 'none' }, '', 0],
  ])('%s', async (_, rule, noProxy, count) => {
    const { host, ca, proxied, proxyUrl } = await start();
    const proxyEnv = { HTTPS_PROXY: proxyUrl, NO_PROXY: noProxy };
    expect(await get(host, { ca, ...rule }, { proxyEnv })).toMatchObject({ status: 200 });
    expect(proxied).toHaveLength(count);
  });
});
