import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import type { Registry } from '#shared/registry/registry.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { ANSWERED_MS } from '#test/patience.ts';
import { codeOf, failureOf, NOW, sha256 } from './scripted-registry.ts';

const DIGEST = sha256('x');
/** Held: it passes when a test says so. */
const HELD_MS = 54_321;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** The client against a real server on this machine, and what that server counted. */
async function against(listener: RequestListener, limits: Partial<RegistryLimits> = {}) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const registry: Registry = createRegistry({
    fetch,
    registries: [{ host, plainHttp: true, auth: 'none' }],
    googleToken: async () => 'google-token',
    now: () => NOW,
    limits: { backoffMs: 0, attemptMs: ANSWERED_MS, requestMs: ANSWERED_MS, ...limits },
  });
  return { registry, repository: `${host}/a` };
}

describe('limits', () => {
  it('hangs up on a body without end', async () => {
    const closed = Promise.withResolvers<void>();
    const { registry, repository } = await against((_, response) => {
      response.on('close', closed.resolve);
      const pour = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await codeOf(registry.blob(repository, DIGEST, 1_000_000))).toBe('too-large');
    await closed.promise;
  });

  it('believes no Content-Length that is larger than the body', async () => {
    const { registry, repository } = await against(
      (_, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('x');
        response.destroy();
      },
      { retries: 0 },
    );
    expect(await codeOf(registry.blob(repository, DIGEST, 100))).toBe('registry-unavailable');
  });

  it('refuses a manifest of one byte too many', async () => {
    const body = JSON.stringify({ schemaVersion: 2 });
    const listener: RequestListener = (_, response) => response.end(body);
    const fits = await against(listener, { manifestBytes: body.length });
    expect(await codeOf(fits.registry.manifest(fits.repository, 'v1'))).toBe('none');
    const { registry, repository } = await against(listener, { manifestBytes: body.length - 1 });
    const failure = await failureOf(registry.manifest(repository, 'v1'));
    expect(failure).toMatchObject({ code: 'too-large', retry: false });
  });

  it('ends a body that drips', async () => {
    const dripping = Promise.withResolvers<void>();
    const { registry, repository } = await against(
      (_, response) => {
        const drip = setInterval(() => response.write('x'), 5);
        response.on('close', () => clearInterval(drip));
        dripping.resolve();
      },
      { attemptMs: HELD_MS, retries: 0 },
    );
    using deadline = holdTimers(HELD_MS);
    const reading = codeOf(registry.blob(repository, DIGEST, 1e9));
    await dripping.promise;
    deadline.pass();
    expect(await reading).toBe('registry-unavailable');
  });

  it('ends all attempts together when the time is over', async () => {
    const requested = Promise.withResolvers<void>();
    let requests = 0;
    const { registry, repository } = await against(
      () => {
        requests += 1;
        requested.resolve();
      },
      { attemptMs: 2 * HELD_MS, requestMs: HELD_MS, retries: 100 },
    );
    using deadline = holdTimers(HELD_MS);
    const asking = failureOf(registry.manifest(repository, 'v1'));
    await requested.promise;
    deadline.pass();
    const failure = await asking;
    expect(failure).toMatchObject({ code: 'registry-unavailable', retry: true });
    expect(requests).toBe(1);
  });

  it('reads no more of an error than it needs', async () => {
    const { registry, repository } = await against(
      (_, response) => {
        response.writeHead(404).end(JSON.stringify({ errors: [{ code: 'x'.repeat(10_000) }] }));
      },
      { smallBytes: 1_000 },
    );
    expect(await codeOf(registry.manifest(repository, 'v1'))).toBe('registry-misbehaved');
  });

  it('unpacks nothing', async () => {
    const { registry, repository } = await against((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('x'));
    });
    expect(await codeOf(registry.blob(repository, DIGEST, 1e9))).toBe('registry-misbehaved');
  });

  it('ends headers without end', async () => {
    const { registry, repository } = await against(
      (_, response) => {
        response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end('x');
      },
      { retries: 0 },
    );
    expect(await codeOf(registry.blob(repository, DIGEST, 100))).toBe('registry-unavailable');
  });
});
