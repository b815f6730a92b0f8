import { describe, expect, it } from 'vitest';
import { createRegistryApp } from '#infra/local/registry/start-registry.ts';
import { MANIFEST_LIMIT } from '#infra/local/registry/manifests.ts';
import { BLOB_LIMIT, UPLOAD_LIFETIME, UPLOADS_LIMIT } from '#infra/local/registry/blobs.ts';
import { REFERRERS_PAGE, NAMES_PAGE } from '#infra/local/registry/lists.ts';
import { emptyIndex, INDEX_DIGEST, OCI_INDEX } from './empty-index.ts';

const SUBJECT = { mediaType: OCI_INDEX, digest: INDEX_DIGEST, size: 1 };

function startApp() {
  let now = 0;
  const app = createRegistryApp({ host: '127.0.0.1:5000', clock: () => new Date(now) });
  const begin = () => app.request('/v2/a/blobs/uploads/', { method: 'POST' });
  const put = (reference: string, body: string) =>
    app.request(`/v2/a/manifests/${reference}`, {
      method: 'PUT',
      body,
      headers: { 'content-type': OCI_INDEX },
    });
  return { app, begin, put, wait: (ms: number) => (now += ms) };
}

describe('limits', () => {
  it.each([
    ['of exactly the limit', MANIFEST_LIMIT, 201],
    ['of one byte more', MANIFEST_LIMIT + 1, 413],
  ])('answers a manifest %s', async (_, size, status) => {
    const pushed = await startApp().put('v1', emptyIndex.padEnd(size, ' '));
    expect(pushed.status).toBe(status);
  });

  it('stops reading a manifest of unknown length at the limit', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const request = new Request('http://127.0.0.1:5000/v2/a/manifests/v1', {
      method: 'PUT',
      body: endless,
      duplex: 'half',
    });
    expect((await startApp().app.request(request)).status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it('refuses a blob that says it is too large before it is read', async () => {
    const { app, begin } = startApp();
    const location = (await begin()).headers.get('location') ?? '';
    const headers = { 'content-length': String(BLOB_LIMIT + 1) };
    const refused = await app.request(location, { method: 'PATCH', body: 'x', headers });
    expect(refused.status).toBe(413);
  });

  it('refuses another upload when too many are under way, and takes it when they are stale', async () => {
    const { begin, wait } = startApp();
    for (let begun = 0; begun < UPLOADS_LIMIT; begun += 1) {
      expect((await begin()).status).toBe(202);
    }
    expect((await begin()).status).toBe(429);
    wait(UPLOAD_LIFETIME + 1);
    expect((await begin()).status).toBe(202);
  });

  it('gives at most a page of tags, whatever n asks for', async () => {
    const { app, put } = startApp();
    for (let tag = 0; tag <= NAMES_PAGE; tag += 1) await put(`v${tag}`, emptyIndex);
    const listed = await app.request('/v2/a/tags/list?n=100000');
    expect(await listed.json()).toMatchObject({ tags: { length: NAMES_PAGE } });
    expect(listed.headers.get('link')).toContain('rel="next"');
  });

  it('gives at most a page of referrers and keeps the filter in the link', async () => {
    const { app, put } = startApp();
    for (let n = 0; n <= REFERRERS_PAGE; n += 1) {
      const annotations = { n: String(n) };
      const artifactType = 'a/b+c';
      const base = { schemaVersion: 2, manifests: [], subject: SUBJECT };
      await put('newest', JSON.stringify({ ...base, artifactType, annotations }));
    }
    const path = `/v2/a/referrers/${INDEX_DIGEST}?artifactType=a%2Fb%2Bc`;
    const first = await app.request(path);
    expect(await first.json()).toMatchObject({ manifests: { length: REFERRERS_PAGE } });
    const next = /^<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await app.request(next);
    expect(await second.json()).toMatchObject({ manifests: { length: 1 } });
    expect(second.headers.get('oci-filters-applied')).toBe('artifactType');
  });
});
