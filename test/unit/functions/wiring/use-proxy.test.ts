import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readCommandBase } from '#functions/wiring/base.ts';
import { useProxy } from '#functions/wiring/use-proxy.ts';
import { connectPubSub } from '#shared/status/pubsub-client.ts';
import { FIXTURES } from '#test/unit/config/fixture.ts';

const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Answers no CONNECT, and remembers what it was asked for. */
const asked: string[] = [];
const proxy = http.createServer();
proxy.on('connect', (request, socket) => {
  asked.push(request.url ?? '');
  socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
});
let url = '';
let restore: () => void;

beforeEach(async () => {
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  asked.length = 0;
  restore = http.setGlobalProxyFromEnv({});
});
afterEach(async () => {
  restore();
  for (const name of NAMES) delete process.env[name];
  proxy.closeAllConnections();
  proxy.close();
  await once(proxy, 'close');
});

describe('useProxy()', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])('has fetch ask by %s', async (name) => {
    useProxy({ [name]: url }, undefined);
    await expect(fetch('https://registry.private.test/v2/')).rejects.toThrow('fetch failed');
    expect(asked).toEqual(['registry.private.test:443']);
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])('has Pub/Sub be asked by %s', async (name) => {
    process.env[name] = url;
    useProxy(process.env, undefined);
    const pubsub = connectPubSub('p', 'pubsub.private.test:443');
    // It fails at once, by the proxy or without it.
    const gaxOpts = { retry: { retryCodes: [] } };
    const publishing = pubsub.topic('t', { gaxOpts }).publishMessage({ data: Buffer.from('a') });
    await expect(publishing).rejects.toThrow('UNAVAILABLE');
    expect(asked).toContain('pubsub.private.test:443');
    await pubsub.close();
  });

  it('puts the setting before the environment', async () => {
    const env: Record<string, string | undefined> = {
      https_proxy: 'http://127.0.0.1:9',
      NO_PROXY: '*',
    };
    useProxy(env, { url, except: ['.near.test'] });
    await expect(fetch('https://registry.private.test/v2/')).rejects.toThrow('fetch failed');
    await expect(fetch('https://a.near.test/')).rejects.toThrow('fetch failed');
    expect(asked).toEqual(['registry.private.test:443']);
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
      expect(env[name]).toBe(url);
    }
    expect(env['no_proxy']).toBe(env['NO_PROXY']);
    expect(env['NO_PROXY']?.split(',')).toEqual(
      expect.arrayContaining(['metadata.google.internal', '169.254.169.254', '.near.test']),
    );
  });

  it('asks the environment for nothing where the config has a proxy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(FIXTURES, folder, { recursive: true });
    const file = join(folder, 'full-local.yaml');
    process.env['HTTPS_PROXY'] = 'proxy:3128';
    await expect(readCommandBase('test', file)).rejects.toThrow('HTTPS_PROXY');
    appendFileSync(file, `\nproxy: { url: ${url} }\n`);
    await expect(readCommandBase('test', file)).resolves.toMatchObject({
      config: { proxy: { url } },
    });
    expect(process.env['HTTPS_PROXY']).toBe(url);
  });

  it('leaves an environment without a proxy as it is', () => {
    const env = { NO_PROXY: 'a.test' };
    useProxy(env, undefined);
    expect(env).toEqual({ NO_PROXY: 'a.test' });
  });

  it.each([
    [
      { HTTPS_PROXY: 'ftp://user:secret@[' },
      undefined,
      'HTTPS_PROXY or HTTP_PROXY is not the address',
    ],
    [{}, { url: 'http://user:secret@[', except: [] }, '"proxy.url" is not the address'],
  ])('names what is no address, and not what it holds: %#', (env, setting, message) => {
    expect(() => useProxy(env, setting)).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringContaining(message) }),
    );
    expect(() => useProxy(env, setting)).not.toThrow(/secret/);
  });
});
