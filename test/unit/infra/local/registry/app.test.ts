import { createHash } from 'node:crypto';
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

  it('keeps blobs and manifests by sha512, and hashes what is pushed so', async () => {
    const app = startApp();
    const digestOf = (text: string): string =>
      `sha512:${createHash('sha512').update(text).digest('hex')}`;
    const pushBlob = (body: string, digest: string) =>
      app.request(`/v2/a/blobs/uploads/?digest=${digest}`, { method: 'POST', body });
    expect((await pushBlob('layer', digestOf('layer'))).status).toBe(201);
    expect((await pushBlob('other', digestOf('layer'))).status).toBe(400);
    const blob = await app.request(`/v2/a/blobs/${digestOf('layer')}`);
    expect(await blob.text()).toBe('layer');
    const place = `/v2/a/manifests/${digestOf(emptyIndex)}`;
    const headers = { 'content-type': OCI_INDEX };
    const put = { method: 'PUT', body: emptyIndex, headers };
    const pushed = await app.request(place, put);
    expect(pushed.headers.get('docker-content-digest')).toBe(digestOf(emptyIndex));
    expect(await (await app.request(place)).text()).toBe(emptyIndex);
    const wrong = await app.request(`/v2/a/manifests/${digestOf('')}`, put);
    expect(wrong.status).toBe(400);
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
    ['GET', '/v2/_search'],
    ['POST', '/v2/a/manifests/v1'],
    ['GET', '/token'],
  ])('answers %s %s, which it does not know, with 404 UNSUPPORTED', async (method, path) => {
    const response = await startApp().request(path, { method });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('"code":"UNSUPPORTED"');
  });
});
