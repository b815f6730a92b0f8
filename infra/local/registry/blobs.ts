import type { Context, Hono } from 'hono';
import { defined } from '#shared/core/defined.ts';
import {
  digestLike,
  parseContentRange,
  parseRange,
  readBody,
  RegistryError,
  requireDigest,
  requireName,
} from './request.ts';
import type { Repository, Store } from './store.ts';
import { randomUUID } from 'node:crypto';

const BLOB = '/v2/:name{.+}/blobs/:digest';

/** Blobs by digest: HEAD, GET with one range, DELETE (OCI distribution 1.1, sections "Pulling blobs", "Deleting Blobs"). */
export function addBlobRoutes(app: Hono, store: Store): void {
  app.get(BLOB, (c) => {
    const { bytes, digest } = findBlob(c, store);
    const headers = {
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
    };
    const size = bytes.byteLength;
    const answer = (body: Uint8Array<ArrayBuffer>, status: number, range?: string): Response => {
      const lengths = defined({ 'content-length': `${body.byteLength}`, 'content-range': range });
      return new Response(body, { status, headers: { ...headers, ...lengths } });
    };
    const range = parseRange(c.req.header('range') ?? null, size);
    if (range === undefined) return answer(bytes, 200);
    if (range === 'unsatisfiable') return answer(new Uint8Array(), 416, `bytes */${size}`);
    const { first, last } = range;
    return answer(bytes.subarray(first, last + 1), 206, `bytes ${first}-${last}/${size}`);
  });

  app.delete(BLOB, (c) => {
    const { bytes, digest, repository } = findBlob(c, store);
    repository.blobs.delete(digest);
    store.release(bytes.byteLength);
    return new Response(null, { status: 202 });
  });
}

/** Keeps a blob whose bytes are reserved already; where the repository has it, the second copy is given back. */
export function keepBlob(
  store: Store,
  repository: Repository,
  digest: string,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  if (repository.blobs.has(digest)) store.release(bytes.byteLength);
  else repository.blobs.set(digest, bytes);
}

function findBlob(c: Context<object, typeof BLOB>, store: Store) {
  const name = requireName(c.req.param('name'));
  const digest = requireDigest(c.req.param('digest'));
  const repository = store.find(name);
  const bytes = repository?.blobs.get(digest);
  if (repository !== undefined && bytes !== undefined) return { bytes, digest, repository };
  throw new RegistryError('BLOB_UNKNOWN', `Blob is not in repository "${name}"`, { digest });
}

/** One blob, and one upload under way. Own: everything here is in memory. */
export const BLOB_LIMIT = 512 * 1024 * 1024;

/** Uploads under way at once. Own. */
export const UPLOADS_LIMIT = 1_000;

/** An upload that is not continued for so long is forgotten. Own. */
export const UPLOAD_LIFETIME = 60 * 60 * 1000;

const UPLOAD = '/v2/:name{.+}/blobs/uploads/:id';

/** Blob uploads: in one request, in chunks, and by mounting (OCI distribution 1.1, section "Pushing blobs"). */
export function addUploadRoutes(app: Hono, deps: { store: Store; clock: () => Date }): void {
  const { store } = deps;
  const sessions = createUploadSessions(deps);

  async function begin(c: Context, name: string): Promise<Response> {
    const { digest, from, mount } = c.req.query();
    if (mount !== undefined && mountBlob(store, { name, digest: mount, from })) {
      return created(name, mount);
    }
    const session = sessions.begin(name);
    if (digest === undefined) return progress(session, 202);
    try {
      sessions.append(session, await readBody(c.req.raw, BLOB_LIMIT));
      return finish(session, requireDigest(digest));
    } catch (error) {
      sessions.cancel(session);
      throw error;
    }
  }

  function finish(session: UploadSession, digest: string): Response {
    const bytes = sessions.finish(session, digest);
    keepBlob(store, store.open(session.name), digest, bytes);
    return created(session.name, digest);
  }

  async function append(c: Context, session: UploadSession): Promise<void> {
    const bytes = await readBody(c.req.raw, BLOB_LIMIT);
    // After the body has come: of two chunks sent at once, the one that came second is out of order.
    requireInOrder(c.req.header('content-range'), session, bytes.byteLength);
    sessions.append(session, bytes);
  }

  // Clients follow the specification (with the slash) or Docker's older habit (without).
  for (const path of ['/v2/:name{.+}/blobs/uploads/', '/v2/:name{.+}/blobs/uploads'] as const) {
    app.post(path, (c) => begin(c, requireName(c.req.param('name'))));
  }
  app.get(UPLOAD, (c) => progress(sessions.find(c.req.param('name'), c.req.param('id')), 204));
  app.patch(UPLOAD, async (c) => {
    const session = sessions.find(c.req.param('name'), c.req.param('id'));
    await append(c, session);
    return progress(session, 202);
  });
  app.put(UPLOAD, async (c) => {
    const session = sessions.find(c.req.param('name'), c.req.param('id'));
    const digest = requireDigest(c.req.query('digest'));
    await append(c, session);
    return finish(session, digest);
  });
  app.delete(UPLOAD, (c) => {
    sessions.cancel(sessions.find(c.req.param('name'), c.req.param('id')));
    return new Response(null, { status: 204 });
  });
}

/** False where the other repository has no such blob: the upload goes the long way then, as the specification allows. */
function mountBlob(
  store: Store,
  blob: { name: string; digest: string; from: string | undefined },
): boolean {
  const bytes = store.find(blob.from ?? '')?.blobs.get(blob.digest);
  if (bytes === undefined) return false;
  store.reserve(bytes.byteLength);
  keepBlob(store, store.open(blob.name), blob.digest, bytes);
  return true;
}

function requireInOrder(header: string | undefined, session: UploadSession, size: number): void {
  if (header === undefined) return;
  const range = parseContentRange(header);
  if (range === undefined || range.last - range.first + 1 !== size) {
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'Content-Range must be as long as the body');
  }
  if (range.first === session.size) return;
  throw new RegistryError(
    'BLOB_UPLOAD_INVALID',
    `Next chunk must begin at ${session.size}`,
    undefined,
    {
      status: 416,
      headers: progressHeaders(session),
    },
  );
}

function created(name: string, digest: string): Response {
  const headers = { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest };
  return new Response(null, { status: 201, headers });
}

function progress(session: UploadSession, status: number): Response {
  return new Response(null, { status, headers: progressHeaders(session) });
}

function progressHeaders(session: UploadSession): Record<string, string> {
  return {
    location: `/v2/${session.name}/blobs/uploads/${session.id}`,
    // An empty upload is "0-0" by Docker's convention: the form knows no empty range.
    range: `0-${Math.max(0, session.size - 1)}`,
    'docker-upload-uuid': session.id,
  };
}

/** An upload under way. Only its repository can continue it. */
export interface UploadSession {
  readonly id: string;
  readonly name: string;
  readonly size: number;
}

export interface UploadSessions {
  /** Begins an upload; TOOMANYREQUESTS when too many are under way. */
  begin(name: string): UploadSession;
  /** The upload; BLOB_UPLOAD_UNKNOWN when it never was, is over, or belongs to another repository. */
  find(name: string, id: string): UploadSession;
  /** Adds bytes at the end; SIZE_INVALID past the limit of a blob. */
  append(session: UploadSession, bytes: Uint8Array): void;
  /** Ends an upload with its bytes, still reserved in the store; DIGEST_INVALID, and all is dropped, when they are others. */
  finish(session: UploadSession, digest: string): Uint8Array<ArrayBuffer>;
  cancel(session: UploadSession): void;
}

interface Upload extends UploadSession {
  size: number;
  touchedAt: number;
  readonly chunks: Uint8Array[];
}

/**
 * Uploads under way, in memory; abandoned ones are dropped when the next one begins.
 *
 * @example const session = createUploadSessions({ store, clock }).begin(name);
 */
export function createUploadSessions(deps: { store: Store; clock: () => Date }): UploadSessions {
  const { store, clock } = deps;
  const uploads = new Map<string, Upload>();

  function drop(upload: UploadSession): void {
    if (uploads.delete(upload.id)) store.release(upload.size);
  }

  function find(name: string, id: string): Upload {
    const upload = uploads.get(id);
    if (upload?.name === name) return upload;
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'Upload is unknown; begin a new one', { id });
  }

  return {
    begin(name) {
      const now = clock().getTime();
      for (const old of uploads.values()) {
        if (now - old.touchedAt > UPLOAD_LIFETIME) drop(old);
      }
      if (uploads.size >= UPLOADS_LIMIT) {
        throw new RegistryError('TOOMANYREQUESTS', 'Too many uploads are under way; finish some');
      }
      const upload: Upload = { id: randomUUID(), name, size: 0, touchedAt: now, chunks: [] };
      uploads.set(upload.id, upload);
      return upload;
    },
    find,
    append(session, bytes) {
      const upload = find(session.name, session.id);
      if (upload.size + bytes.byteLength > BLOB_LIMIT) {
        throw new RegistryError('SIZE_INVALID', `Blob must be at most ${BLOB_LIMIT} bytes`);
      }
      store.reserve(bytes.byteLength);
      upload.size += bytes.byteLength;
      upload.touchedAt = clock().getTime();
      upload.chunks.push(bytes);
    },
    finish(session, digest) {
      const upload = find(session.name, session.id);
      const actual = digestLike(digest, ...upload.chunks);
      if (actual !== digest) {
        drop(upload);
        throw new RegistryError('DIGEST_INVALID', `Uploaded bytes have digest ${actual}`, {
          digest,
        });
      }
      uploads.delete(upload.id);
      return new Uint8Array(Buffer.concat(upload.chunks));
    },
    cancel: drop,
  };
}
