import { createHash } from 'node:crypto';
import type { Elsewhere } from './front.ts';

/** Cloud Storage, as far as gcloud needs it to hand the sources of a build over. */
export function createStorageFront(): Elsewhere {
  const buckets = new Map<string, object>();
  return async (request) => {
    const { host, pathname, searchParams } = new URL(request.url);
    if (host !== 'storage.googleapis.com') return undefined;
    const [, bucket = '', object] = /\/storage\/v1\/b\/([^/]+)(\/o.*)?$/.exec(pathname) ?? [];
    if (pathname.endsWith('/storage/v1/b') && request.method === 'POST') {
      const made = Object(await request.json());
      buckets.set(made.name, made);
      return Response.json({ ...made, id: made.name, projectNumber: '123456789012' });
    }
    if (pathname.endsWith('/storage/v1/b') && request.method === 'GET')
      return Response.json({ kind: 'storage#buckets', items: [...buckets.values()] });
    if (object === undefined) {
      const found = buckets.get(bucket);
      const missing = { error: { code: 404, message: 'The specified bucket does not exist.' } };
      return found === undefined
        ? Response.json(missing, { status: 404 })
        : Response.json({ ...found, id: bucket, projectNumber: '123456789012' });
    }
    const bytes = Buffer.from(await request.arrayBuffer());
    const [, given = 'source.tgz'] = /"name": ?"([^"]+)"/.exec(bytes.toString('latin1')) ?? [];
    const name = searchParams.get('name') ?? given;
    const upload = `https://${host}${pathname}?uploadType=resumable&name=${encodeURIComponent(name)}&upload_id=1`;
    if (searchParams.get('uploadType') === 'resumable' && searchParams.get('upload_id') === null)
      return new Response('{}', { headers: { location: upload } });
    const content = contentOf(bytes);
    const md5Hash = createHash('md5').update(content).digest('base64');
    const size = String(content.length);
    return Response.json({
      kind: 'storage#object',
      bucket,
      name,
      generation: '1',
      size,
      md5Hash,
    });
  };
}

/** What is uploaded: the second part, after its headers, where there are parts. */
function contentOf(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const [boundary = ''] = /^--[^\r\n]+/.exec(text) ?? [];
  if (boundary === '') return bytes;
  const [, , part = ''] = text.split(boundary);
  const content = part.replace(/^\r?\n(?:[^\r\n]+\r?\n)*\r?\n/, '').replace(/\r?\n$/, '');
  return Buffer.from(content, 'latin1');
}
