import { describe, expect, it } from 'vitest';
import { createRegistryApp, type RegistryOptions } from '#infra/local/registry/start-registry.ts';
import { emptyIndex, OCI_INDEX } from './empty-index.ts';

const CLOCK = () => new Date('2026-11-22T05:00:00Z');
const HTTP_DATE = 'Sun, 22 Nov 2026 05:00:00 GMT';

function startApp(options: RegistryOptions = {}) {
  return createRegistryApp({ host: '127.0.0.1:5000', clock: CLOCK, ...options });
}

describe('createRegistryApp()', () => {
  it.each(['/v2/', '/v2/a/tags/list', '/v2/A/tags/list', '/elsewhere'])(
    'puts the injected time on the answer to %s',
    async (path) => {
      expect((await startApp().request(path)).headers.get('date')).toBe(HTTP_DATE);
    },
  );

  it('asks the fault first and gives its answer', async () => {
    const asked: string[] = [];
    const app = startApp({
      fault: async ({ method, url }) => {
        asked.push(`${method} ${new URL(url).pathname}`);
        return url.endsWith('/tags/list') ? new Response('busy', { status: 429 }) : undefined;
      },
    });
    const faulty = await app.request('/v2/a/tags/list');
    expect([faulty.status, faulty.headers.get('date')]).toEqual([429, HTTP_DATE]);
    expect((await app.request('/v2/')).status).toBe(200);
    expect(asked).toEqual(['GET /v2/a/tags/list', 'GET /v2/']);
  });

  it('lets a fault lie about the time', async () => {
    const date = 'Thu, 01 Jan 1970 00:00:00 GMT';
    const app = startApp({ fault: () => new Response('', { headers: { date } }) });
    expect((await app.request('/v2/')).headers.get('date')).toBe(date);
  });

  it('lets a fault read a clone of what is pushed', async () => {
    let seen = '';
    const app = startApp({
      fault: async (request) => {
        seen = await request.clone().text();
        return undefined;
      },
    });
    const pushed = await app.request('/v2/a/manifests/v1', {
      method: 'PUT',
      body: emptyIndex,
      headers: { 'content-type': OCI_INDEX },
    });
    expect([pushed.status, seen]).toEqual([201, emptyIndex]);
  });

  it('answers an error of its own with 500 and reports it', async () => {
    const errors: unknown[] = [];
    const broken = new Error('fault is broken');
    const app = startApp({
      fault: () => Promise.reject(broken),
      onError: (error) => errors.push(error),
    });
    const failed = await app.request('/v2/');
    expect(failed.status).toBe(500);
    expect(await failed.json()).toEqual({
      errors: [{ code: 'UNKNOWN', message: 'Registry failed' }],
    });
    expect(errors).toEqual([broken]);
  });

  it.each([
    ['GET', '/v2/_catalog'],
    ['POST', '/v2/a/manifests/v1'],
    ['GET', '/token'],
  ])('answers %s %s, which it does not know, with 404 UNSUPPORTED', async (method, path) => {
    const response = await startApp().request(path, { method });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('"code":"UNSUPPORTED"');
  });
});
