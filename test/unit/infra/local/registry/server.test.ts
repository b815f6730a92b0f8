import { describe, expect, it } from 'vitest';
import { startRegistry } from '#infra/local/registry/start-registry.ts';
import { requireTokens } from '#test/fakes/token-auth.ts';

const CLOCK = () => new Date('2026-11-22T05:00:00Z');

describe('startRegistry()', () => {
  it('listens on a free port of this machine and names it', async () => {
    const registry = await startRegistry({ port: 0 });
    expect(registry.host).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(registry.url).toBe(`http://${registry.host}`);
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    await registry.close();
  });

  it('sends the injected time over the wire', async () => {
    await using registry = disposable(await startRegistry({ port: 0, clock: CLOCK }));
    const ping = await fetch(`${registry.url}/v2/`);
    expect(ping.headers.get('date')).toBe('Sun, 22 Nov 2026 05:00:00 GMT');
  });

  it('rejects with EADDRINUSE when the port is taken', async () => {
    await using registry = disposable(await startRegistry({ port: 0 }));
    const port = Number(new URL(registry.url).port);
    await expect(startRegistry({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('names the port it got in the token realm', async () => {
    await using registry = disposable(await startRegistry({ port: 0, guard: requireTokens() }));
    const refused = await fetch(`${registry.url}/v2/`);
    expect(refused.headers.get('www-authenticate')).toContain(`realm="${registry.url}/token"`);
  });

  it('closes the port, also twice and with a connection open', async () => {
    const registry = await startRegistry({ port: 0 });
    await fetch(`${registry.url}/v2/`);
    await registry.close();
    await registry.close();
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });
});

function disposable<Resource extends { close: () => Promise<void> }>(
  resource: Resource,
): Resource & AsyncDisposable {
  return { ...resource, [Symbol.asyncDispose]: () => resource.close() };
}
