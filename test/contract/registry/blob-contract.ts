import { describe, expect, it } from 'vitest';
import { errorCode, sha256 } from './client.ts';
import type { Subject } from './subject.ts';

const TEXT = 'abcdefghij';
const ABSENT = sha256('never pushed');

/** Pulling and deleting blobs. */
export function blobContract({ repository, url, can }: Subject): void {
  describe('blobs', () => {
    it('answers the ping with 200 and a Date', async () => {
      const ping = await fetch(`${url()}/v2/`);
      expect(ping.status).toBe(200);
      expect(Date.parse(ping.headers.get('date') ?? '')).not.toBeNaN();
    });

    it('gives a blob back with its size and digest, by GET and HEAD', async () => {
      const client = repository();
      const digest = await client.pushBlob(TEXT);
      for (const method of ['GET', 'HEAD']) {
        const got = await client.send(method, `blobs/${digest}`);
        expect(got.status).toBe(200);
        expect(got.headers.get('content-length')).toBe('10');
        expect(got.headers.get('docker-content-digest')).toBe(digest);
        expect(await got.text()).toBe(method === 'GET' ? TEXT : '');
      }
    });

    it.each([
      ['bytes=2-4', 206, 'cde', 'bytes 2-4/10'],
      ['bytes=7-', 206, 'hij', 'bytes 7-9/10'],
      ['bytes=-3', 206, 'hij', 'bytes 7-9/10'],
      ['bytes=8-99', 206, 'ij', 'bytes 8-9/10'],
    ])('answers range %s with %i', async (range, status, text, contentRange) => {
      const client = repository();
      const digest = await client.pushBlob(TEXT);
      const got = await client.send('GET', `blobs/${digest}`, { headers: { range } });
      expect(got.status).toBe(status);
      expect(got.headers.get('content-range')).toBe(contentRange);
      expect(await got.text()).toBe(text);
    });

    it('answers a range beyond the end with 416', async () => {
      const client = repository();
      const digest = await client.pushBlob(TEXT);
      const got = await client.send('GET', `blobs/${digest}`, { headers: { range: 'bytes=10-' } });
      expect(got.status).toBe(416);
    });

    it('keeps blobs of one repository out of another', async () => {
      const digest = await repository().pushBlob(TEXT);
      const got = await repository().send('GET', `blobs/${digest}`);
      expect(got.status).toBe(404);
    });

    it('answers an absent blob with 404 BLOB_UNKNOWN', async () => {
      const got = await repository().send('GET', `blobs/${ABSENT}`);
      expect(got.status).toBe(404);
      expect(await errorCode(got)).toBe('BLOB_UNKNOWN');
    });

    it('deletes a blob', async () => {
      const client = repository();
      const digest = await client.pushBlob(TEXT);
      expect((await client.send('DELETE', `blobs/${digest}`)).status).toBe(202);
      expect((await client.send('HEAD', `blobs/${digest}`)).status).toBe(404);
      expect((await client.send('DELETE', `blobs/${digest}`)).status).toBe(404);
    });

    it.each(['a/.b', 'a/b-', 'a/b___c'])('refuses the repository name %s', async (name) => {
      const got = await repository(name).send('GET', 'tags/list');
      const expected = can('grammar-errors') ? [400, 'NAME_INVALID'] : [404, undefined];
      expect([got.status, await errorCode(got)]).toEqual(expected);
    });

    it('refuses a digest that is none', async () => {
      const got = await repository().send('GET', 'blobs/sha256:abc');
      expect([got.status, await errorCode(got)]).toEqual([400, 'DIGEST_INVALID']);
    });
  });
}
