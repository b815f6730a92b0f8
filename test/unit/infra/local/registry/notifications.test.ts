import { describe, expect, it, vi } from 'vitest';
import { createRegistryApp } from '#infra/local/registry/start-registry.ts';
import type { Notification } from '#infra/local/registry/manifests.ts';
import { emptyIndex, INDEX_DIGEST, OCI_INDEX } from './empty-index.ts';
import { PATIENCE } from '#test/patience.ts';

const HOST = '127.0.0.1:5000';
const REPOSITORY = `${HOST}/configs/platform`;
const DIGEST = `${REPOSITORY}@${INDEX_DIGEST}`;

type Notify = (notification: Notification) => Promise<void>;

function startApp(notify?: Notify) {
  const seen: Notification[] = [];
  const errors: unknown[] = [];
  const app = createRegistryApp({
    host: HOST,
    notify:
      notify ??
      (async (notification) => {
        seen.push(notification);
      }),
    onError: (error) => errors.push(error),
  });
  const put = (reference: string) =>
    app.request(`/v2/configs/platform/manifests/${reference}`, {
      method: 'PUT',
      body: emptyIndex,
      headers: { 'content-type': OCI_INDEX },
    });
  const remove = (path: string) =>
    app.request(`/v2/configs/platform/${path}`, { method: 'DELETE' });
  return { app, errors, put, remove, seen };
}

describe('notifications', () => {
  it('names digest and tag when a tag is pushed, each time', async () => {
    const { put, seen } = startApp();
    await put('v1');
    await put('v1');
    const expected = { action: 'INSERT', digest: DIGEST, tag: `${REPOSITORY}:v1` };
    expect(seen).toEqual([expected, expected]);
  });

  it('names only the digest when one is pushed', async () => {
    const { put, seen } = startApp();
    await put(INDEX_DIGEST);
    expect(seen).toEqual([{ action: 'INSERT', digest: DIGEST }]);
  });

  it('names only the tag when a tag is deleted', async () => {
    const { put, remove, seen } = startApp();
    await put('v1');
    await remove('manifests/v1');
    expect(seen.slice(1)).toEqual([{ action: 'DELETE', tag: `${REPOSITORY}:v1` }]);
  });

  it('names each lost tag and then the digest when a manifest is deleted', async () => {
    const { app, put, remove, seen } = startApp();
    await put('v1');
    await put('v2');
    await app.request('/v2/configs/platform/manifests/other', {
      method: 'PUT',
      body: `${emptyIndex} `,
      headers: { 'content-type': OCI_INDEX },
    });
    await remove(`manifests/${INDEX_DIGEST}`);
    expect(seen.slice(3)).toEqual([
      { action: 'DELETE', tag: `${REPOSITORY}:v1` },
      { action: 'DELETE', tag: `${REPOSITORY}:v2` },
      { action: 'DELETE', digest: DIGEST },
    ]);
  });

  it('says nothing of blobs, of reads and of what was refused', async () => {
    const { app, remove, seen } = startApp();
    await app.request('/v2/configs/platform/blobs/uploads/', { method: 'POST' });
    await app.request('/v2/configs/platform/manifests/v1');
    await app.request('/v2/configs/platform/manifests/v1', { method: 'PUT', body: '{' });
    await remove('manifests/v1');
    expect(seen).toEqual([]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('topic is gone'))],
    [
      'throws',
      () => {
        throw new Error('topic is gone');
      },
    ],
  ])('takes the push when notify %s, and reports it', async (_, notify) => {
    const { errors, put } = startApp(notify);
    expect((await put('v1')).status).toBe(201);
    await vi.waitFor(() => expect(errors).toEqual([new Error('topic is gone')]), PATIENCE);
  });

  it('takes the push when notify never ends', async () => {
    const { put } = startApp(() => new Promise<void>(() => undefined));
    expect((await put('v1')).status).toBe(201);
  });
});
