import { describe, expect, it } from 'vitest';
import { errorCode, locationOf, sha256, withDigest } from './client.ts';
import { freshName, type Subject } from './subject.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };

/** Pushing blobs: in one request, in two, in chunks, and by mounting. */
export function uploadContract(subject: Subject): void {
  const { repository } = subject;
  describe('uploads', () => {
    it('takes a blob in POST and PUT', async () => {
      const client = repository();
      const digest = sha256('two requests');
      const begun = await client.send('POST', 'blobs/uploads/');
      expect(begun.status).toBe(202);
      const done = await put(locationOf(begun), digest, 'two requests');
      expect(done.status).toBe(201);
      expect(done.headers.get('docker-content-digest')).toBe(digest);
      expect(await (await fetch(locationOf(done))).text()).toBe('two requests');
    });

    it('takes a blob in one POST, or answers it with an upload', async () => {
      const client = repository();
      const digest = sha256('one request');
      const posted = await client.send('POST', `blobs/uploads/?digest=${digest}`, {
        body: 'one request',
        headers: OCTETS,
      });
      // OCI distribution 1.1, "Single POST": a registry that does not support it must answer 202.
      expect([201, 202]).toContain(posted.status);
      if (posted.status === 202) await put(locationOf(posted), digest, 'one request');
      expect((await client.send('HEAD', `blobs/${digest}`)).status).toBe(200);
    });

    it('takes chunks in order and answers how far it got', async () => {
      const client = repository();
      const first = await patch(await client.beginUpload(), 'abc', '0-2');
      expect([first.status, first.headers.get('range')]).toEqual([202, '0-2']);
      const status = await fetch(locationOf(first));
      expect([status.status, status.headers.get('range')]).toEqual([204, '0-2']);
      const second = await patch(locationOf(first), 'def', '3-5');
      expect([second.status, second.headers.get('range')]).toEqual([202, '0-5']);
      const digest = sha256('abcdefghi');
      expect((await put(locationOf(second), digest, 'ghi')).status).toBe(201);
      expect(await (await client.send('GET', `blobs/${digest}`)).text()).toBe('abcdefghi');
    });

    it('takes a stream without a range', async () => {
      const client = repository();
      const streamed = await patch(await client.beginUpload(), 'stream');
      expect((await put(locationOf(streamed), sha256('stream'), '')).status).toBe(201);
    });

    if (subject.can('ordered-chunks')) orderedChunks(subject);
    else unorderedChunks(subject);

    it('refuses bytes that have another digest', async () => {
      const client = repository();
      const digest = sha256('promised');
      const done = await put(await client.beginUpload(), digest, 'delivered');
      expect([done.status, await errorCode(done)]).toEqual([400, 'DIGEST_INVALID']);
      expect((await client.send('HEAD', `blobs/${digest}`)).status).toBe(404);
    });

    it('refuses to finish without a digest', async () => {
      const done = await fetch(await repository().beginUpload(), {
        method: 'PUT',
        headers: OCTETS,
      });
      expect([done.status, await errorCode(done)]).toEqual([400, 'DIGEST_INVALID']);
    });

    it('forgets an upload that was cancelled', async () => {
      const location = await repository().beginUpload();
      expect((await fetch(location, { method: 'DELETE' })).status).toBe(204);
      const status = await fetch(location);
      expect([status.status, await errorCode(status)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    });

    it('does not continue an upload in another repository', async () => {
      const [name, other] = [freshName(), freshName()];
      const location = await repository(name).beginUpload();
      const stolen = await patch(location.replace(name, other), 'abc');
      expect(stolen.status).toBe(404);
    });

    it('mounts a blob of another repository', async () => {
      const name = freshName();
      const digest = await repository(name).pushBlob('mounted');
      const client = repository();
      const mounted = await client.send('POST', `blobs/uploads/?mount=${digest}&from=${name}`);
      expect(mounted.status).toBe(201);
      expect(await (await client.send('GET', `blobs/${digest}`)).text()).toBe('mounted');
    });

    it('begins an upload where there is nothing to mount', async () => {
      const digest = sha256('nobody has it');
      const query = `mount=${digest}&from=${freshName()}`;
      const client = repository();
      const begun = await client.send('POST', `blobs/uploads/?${query}`);
      expect(begun.status).toBe(202);
      expect((await put(locationOf(begun), digest, 'nobody has it')).status).toBe(201);
    });
  });
}

function orderedChunks({ repository }: Subject): void {
  it('refuses a chunk out of order with 416 and goes on from where it was', async () => {
    const first = await patch(await repository().beginUpload(), 'abc', '0-2');
    expect((await patch(locationOf(first), 'xyz', '7-9')).status).toBe(416);
    const second = await patch(locationOf(first), 'def', '3-5');
    expect((await put(locationOf(second), sha256('abcdef'), '')).status).toBe(201);
  });

  it('refuses a chunk that is not as long as its range', async () => {
    const refused = await patch(await repository().beginUpload(), 'abc', '0-1');
    expect([refused.status, await errorCode(refused)]).toEqual([400, 'BLOB_UPLOAD_INVALID']);
  });
}

function unorderedChunks({ repository }: Subject): void {
  it('takes a chunk out of order as the next one', async () => {
    const first = await patch(await repository().beginUpload(), 'abc', '0-2');
    const second = await patch(locationOf(first), 'xyz', '7-9');
    expect((await put(locationOf(second), sha256('abcxyz'), '')).status).toBe(201);
  });
}

function patch(location: string, body: string, range?: string): Promise<Response> {
  const headers = range === undefined ? OCTETS : { ...OCTETS, 'content-range': range };
  return fetch(location, { method: 'PATCH', body, headers });
}

function put(location: string, digest: string, body: string): Promise<Response> {
  return fetch(withDigest(location, digest), { method: 'PUT', body, headers: OCTETS });
}
