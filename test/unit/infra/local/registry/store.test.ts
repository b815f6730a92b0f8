import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import {
  addBlobRoutes,
  BLOB_LIMIT,
  createUploadSessions,
  keepBlob,
  type UploadSession,
  type UploadSessions,
} from '#infra/local/registry/blobs.ts';
import { digestOf } from '#infra/local/registry/request.ts';
import { addManifestRoutes } from '#infra/local/registry/manifests.ts';
import { createStore } from '#infra/local/registry/store.ts';
import { emptyIndex, INDEX_DIGEST, OCI_INDEX } from './empty-index.ts';

const FULL = expect.objectContaining({ code: 'DENIED' });

describe('createStore()', () => {
  it('refuses what does not fit, and takes it once there is room', () => {
    const store = createStore(10);
    store.reserve(10);
    expect(() => store.reserve(1)).toThrow(FULL);
    store.release(1);
    expect(() => store.reserve(1)).not.toThrow();
  });

  it.each([
    ['cancelled', (sessions: UploadSessions, session: UploadSession) => sessions.cancel(session)],
    [
      'finished with another digest',
      (sessions: UploadSessions, session: UploadSession) =>
        expect(() => sessions.finish(session, INDEX_DIGEST)).toThrow('Uploaded bytes have digest'),
    ],
  ])('has the room of an upload again that was %s', (_, end) => {
    const store = createStore(10);
    const sessions = createUploadSessions({ store, clock: () => new Date(0) });
    const session = sessions.begin('a');
    sessions.append(session, new Uint8Array(10));
    expect(() => store.reserve(1)).toThrow(FULL);
    end(sessions, session);
    expect(() => store.reserve(10)).not.toThrow();
  });

  it('counts a blob once that is pushed twice', async () => {
    const store = createStore(25);
    const repository = store.open('a');
    for (const bytes of [new Uint8Array(10), new Uint8Array(10), new Uint8Array(10)]) {
      store.reserve(bytes.byteLength);
      keepBlob(store, repository, 'sha256:one', bytes);
    }
    expect(repository.blobs.size).toBe(1);
    expect(() => store.reserve(15)).not.toThrow();
  });

  it('has the room of a deleted blob again', async () => {
    const store = createStore(10);
    const bytes = new Uint8Array(10);
    store.reserve(10);
    keepBlob(store, store.open('a'), digestOf(bytes), bytes);
    const app = new Hono();
    addBlobRoutes(app, store);
    await app.request(`/v2/a/blobs/${digestOf(bytes)}`, { method: 'DELETE' });
    expect(() => store.reserve(10)).not.toThrow();
  });

  it('counts a manifest once under two tags, and not once it is deleted', async () => {
    const store = createStore(emptyIndex.length + 1);
    const app = new Hono();
    addManifestRoutes(app, { store, host: '127.0.0.1:5000', announce: () => undefined });
    for (const tag of ['v1', 'v2']) {
      const pushed = await app.request(`/v2/a/manifests/${tag}`, {
        method: 'PUT',
        body: emptyIndex,
        headers: { 'content-type': OCI_INDEX },
      });
      expect(pushed.status).toBe(201);
    }
    expect(() => store.reserve(2)).toThrow(FULL);
    await app.request(`/v2/a/manifests/${INDEX_DIGEST}`, { method: 'DELETE' });
    expect(() => store.reserve(emptyIndex.length + 1)).not.toThrow();
  });
});

describe('createUploadSessions()', () => {
  it('refuses a blob that grows past the limit chunk by chunk', () => {
    const sessions = createUploadSessions({ store: createStore(), clock: () => new Date(0) });
    const session = sessions.begin('a');
    sessions.append(session, new Uint8Array(BLOB_LIMIT));
    expect(() => sessions.append(session, new Uint8Array(1))).toThrow(
      expect.objectContaining({ code: 'SIZE_INVALID' }),
    );
  });
});
