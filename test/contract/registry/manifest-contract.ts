import { describe, expect, it } from 'vitest';
import { describeText, errorCode, imageOf, OCI_INDEX, OCI_MANIFEST, sha256 } from './client.ts';
import type { Subject } from './subject.ts';

/** What every registry must take, and what none has to. */
const FOUR_MEBIBYTES = 4 * 1024 * 1024;

/** Pushing, pulling and deleting manifests. */
export function manifestContract({ repository, can }: Subject): void {
  describe('manifests', () => {
    it('gives the same bytes back by tag and by digest, with the media type that was pushed', async () => {
      const client = repository();
      const { body, digest } = await client.pushImage('v1');
      for (const reference of ['v1', digest]) {
        const got = await client.getManifest(reference);
        expect(got.status).toBe(200);
        expect(got.headers.get('content-type')).toBe(OCI_MANIFEST);
        expect(got.headers.get('docker-content-digest')).toBe(digest);
        expect(Date.parse(got.headers.get('date') ?? '')).not.toBeNaN();
        expect(await got.text()).toBe(body);
      }
      const head = await client.getManifest('v1', 'HEAD');
      expect(head.headers.get('content-length')).toBe(String(body.length));
      expect(head.headers.get('docker-content-digest')).toBe(digest);
    });

    it('answers digest and location of what was pushed', async () => {
      const client = repository();
      const { body, digest } = await client.pushImage(undefined);
      const again = await client.putManifest('v2', body);
      expect(again.status).toBe(201);
      expect(again.headers.get('docker-content-digest')).toBe(digest);
      expect(again.headers.get('location')).toContain(digest);
    });

    it('moves a tag and keeps the manifest it left', async () => {
      const client = repository();
      const old = await client.pushImage('v1');
      const young = await client.pushImage('v1', { annotations: { n: '2' } });
      const tagged = await client.getManifest('v1', 'HEAD');
      expect(tagged.headers.get('docker-content-digest')).toBe(young.digest);
      expect((await client.getManifest(old.digest)).status).toBe(200);
    });

    it('takes an index of what is there', async () => {
      const client = repository();
      const { body } = await client.pushImage(undefined);
      const children = [describeText(body, OCI_MANIFEST)];
      const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children };
      const pushed = await client.putManifest('multi', JSON.stringify(index), OCI_INDEX);
      expect(pushed.status).toBe(201);
      const got = await client.getManifest('multi');
      expect(got.headers.get('content-type')).toBe(OCI_INDEX);
    });

    it('refuses an image whose blobs are not there, and an index whose children are not', async () => {
      const client = repository();
      const image = JSON.stringify(imageOf('absent config', 'absent layer'));
      const children = [describeText(image, OCI_MANIFEST)];
      const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children };
      for (const [body, type] of [
        [image, OCI_MANIFEST],
        [JSON.stringify(index), OCI_INDEX],
      ] as const) {
        const refused = await client.putManifest('v1', body, type);
        expect([refused.status, await errorCode(refused)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
      }
      expect((await client.getManifest('v1')).status).toBe(404);
    });

    it.each([
      ['what is not JSON', '{', OCI_MANIFEST],
      ['a media type that differs from the body', JSON.stringify(imageOf('{}', 'x')), OCI_INDEX],
      ['a media type of no manifest', '{"schemaVersion":2}', 'application/json'],
    ])('refuses %s with MANIFEST_INVALID', async (_, body, type) => {
      const refused = await repository().putManifest('v1', body, type);
      expect([refused.status, await errorCode(refused)]).toEqual([400, 'MANIFEST_INVALID']);
    });

    it('refuses bytes under the digest of others', async () => {
      const client = repository();
      const { body } = await client.pushImage('v1');
      const refused = await client.putManifest(sha256('others'), body);
      expect([refused.status, await errorCode(refused)]).toEqual([400, 'DIGEST_INVALID']);
    });

    it('refuses a manifest of more than four mebibytes', async () => {
      const client = repository();
      await client.pushImage('v1');
      const fat = { annotations: { fat: 'x'.repeat(FOUR_MEBIBYTES) } };
      const body = JSON.stringify(imageOf('{}', 'layer', fat));
      const refused = await client.putManifest('fat', body);
      // The specification names 413; Docker's registry says 400.
      expect([400, 413]).toContain(refused.status);
      expect((await client.getManifest('fat')).status).toBe(404);
    });

    it('answers absent manifests with 404 MANIFEST_UNKNOWN', async () => {
      const client = repository();
      await client.pushImage('v1');
      for (const reference of ['v2', sha256('absent')]) {
        const got = await client.getManifest(reference);
        expect([got.status, await errorCode(got)]).toEqual([404, 'MANIFEST_UNKNOWN']);
      }
    });

    it.each(['.v1', 'x'.repeat(129)])('refuses the tag %s', async (tag) => {
      const client = repository();
      const { body } = await client.pushImage('v1');
      const refused = await client.putManifest(tag, body);
      const expected = can('grammar-errors') ? [400, 'MANIFEST_INVALID'] : [404, undefined];
      expect([refused.status, await errorCode(refused)]).toEqual(expected);
    });

    it.each(['.v1', '.INVALID_MANIFEST_NAME'])(
      'has nothing at %s, which is no tag',
      async (tag) => {
        const client = repository();
        await client.pushImage('v1');
        expect((await client.getManifest(tag)).status).toBe(404);
      },
    );

    it('deletes by digest, the tags with it', async () => {
      const client = repository();
      const { digest } = await client.pushImage('v1');
      expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(202);
      expect((await client.getManifest(digest)).status).toBe(404);
      expect((await client.getManifest('v1')).status).toBe(404);
      expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(404);
    });

    it(`${can('delete-tag') ? 'deletes' : 'refuses to delete'} a tag alone`, async () => {
      const client = repository();
      const { digest } = await client.pushImage('v1');
      const deleted = await client.send('DELETE', 'manifests/v1');
      const answer = can('delete-tag') ? [202, undefined] : [400, 'DIGEST_INVALID'];
      expect([deleted.status, await errorCode(deleted)]).toEqual(answer);
      expect((await client.getManifest('v1')).status).toBe(can('delete-tag') ? 404 : 200);
      expect((await client.getManifest(digest)).status).toBe(200);
    });
  });
}
