import type { Context, Hono } from 'hono';
import { defined } from '#shared/core/defined.ts';
import { parseRange, requireDigest, requireName } from './request.ts';
import { RegistryError } from './errors.ts';
import type { Repository, Store } from './store.ts';

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
