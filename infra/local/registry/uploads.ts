import type { Context, Hono } from 'hono';
import { keepBlob } from './blobs.ts';
import { readBody } from './body.ts';
import { parseContentRange } from './byte-range.ts';
import { requireDigest } from './digest.ts';
import { RegistryError } from './errors.ts';
import { BLOB_LIMIT } from './limits.ts';
import { requireName } from './names.ts';
import type { Store } from './store.ts';
import { createUploadSessions, type UploadSession } from './upload-sessions.ts';

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
    if (digest === undefined) return accepted(session);
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
    const chunks = await readBody(c.req.raw, BLOB_LIMIT);
    const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    // After the body has come: of two chunks sent at once, the one that came second is out of order.
    requireInOrder(c.req.header('content-range'), session, size);
    sessions.append(session, chunks);
  }

  // Clients follow the specification (with the slash) or Docker's older habit (without).
  for (const path of ['/v2/:name{.+}/blobs/uploads/', '/v2/:name{.+}/blobs/uploads'] as const) {
    app.post(path, (c) => begin(c, requireName(c.req.param('name'))));
  }
  app.get(UPLOAD, (c) => progress(sessions.find(c.req.param('name'), c.req.param('id')), 204));
  app.patch(UPLOAD, async (c) => {
    const session = sessions.find(c.req.param('name'), c.req.param('id'));
    await append(c, session);
    return accepted(session);
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
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'Content-Range must tell the size of the body');
  }
  if (range.first === session.size) return;
  throw new RegistryError('BLOB_UPLOAD_INVALID', `Next chunk must begin at ${session.size}`, {
    status: 416,
    headers: progressHeaders(session),
  });
}

function created(name: string, digest: string): Response {
  const headers = { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest };
  return new Response(null, { status: 201, headers });
}

function accepted(session: UploadSession): Response {
  return progress(session, 202);
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
