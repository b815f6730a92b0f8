import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { KubeAnswer, SendKube } from '#infra/local/real/kube-request.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const STRATEGIC = 'application/strategic-merge-patch+json';

const patchedSchema = z.looseObject({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()).optional(),
    finalizers: z.array(z.string()).optional(),
    ownerReferences: z
      .array(z.looseObject({ name: z.string() }).transform(({ name }) => name))
      .optional(),
  }),
  data: z.record(z.string(), z.string()).optional(),
});

/** Strategic merge patches, which `kubectl patch` sends for the kinds of Kubernetes' own. */
export function strategicContract(send: SendKube): void {
  const create = (name: string, object: object = {}) =>
    send({
      method: 'POST',
      path: CONFIGMAPS,
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...object },
    });
  const patch = (name: string, body: object) =>
    send({ method: 'PATCH', path: `${CONFIGMAPS}/${name}`, type: STRATEGIC, body });
  const owner = (name: string, uid: string) => ({ apiVersion: 'v1', kind: 'X', name, uid });

  const metadataOf = ({ body }: KubeAnswer) => patchedSchema.parse(body).metadata;

  describe('strategic merge patch', () => {
    it('adds to a list of names, and takes away what it names', async () => {
      await create('strategic-names');
      const finalizers = async (change: object) =>
        metadataOf(await patch('strategic-names', { metadata: change })).finalizers;
      expect(await finalizers({ finalizers: ['x.io/a'] })).toEqual(['x.io/a']);
      expect(await finalizers({ finalizers: ['x.io/b', 'x.io/c'] })).toEqual([
        'x.io/b',
        'x.io/c',
        'x.io/a',
      ]);
      const gone = { '$deleteFromPrimitiveList/finalizers': ['x.io/a'] };
      expect(await finalizers(gone)).toEqual(['x.io/b', 'x.io/c']);
      const order = { '$setElementOrder/finalizers': ['x.io/c', 'x.io/b'] };
      expect(await finalizers(order)).toEqual(['x.io/c', 'x.io/b']);
      expect(await finalizers({ finalizers: [] })).toEqual(['x.io/c', 'x.io/b']);
      expect(await finalizers({ finalizers: null })).toBeUndefined();
    });

    it('merges owners by their uid, and deletes or replaces as it says', async () => {
      await create('strategic-owners');
      const owners = async (...ownerReferences: object[]) =>
        metadataOf(await patch('strategic-owners', { metadata: { ownerReferences } }))
          .ownerReferences;
      expect(await owners(owner('x', '1'), owner('y', '2'))).toEqual(['x', 'y']);
      expect(await owners(owner('z', '3'), owner('yy', '2'))).toEqual(['z', 'x', 'yy']);
      expect(await owners({ uid: '1', $patch: 'delete' })).toEqual(['z', 'yy']);
      expect(await owners({ $patch: 'replace' }, owner('r', '9'))).toEqual(['r']);
    });

    it('refuses an item without the key that its list is merged by', async () => {
      await create('strategic-keyless');
      const body = { metadata: { ownerReferences: [owner('x', '1')] } };
      await patch('strategic-keyless', body);
      const refused = await patch('strategic-keyless', {
        metadata: { ownerReferences: [{ name: 'q' }] },
      });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(refused.body)).toContain('does not contain declared merge key: uid');
    });

    it('replaces or empties a map as it says', async () => {
      await create('strategic-maps', { data: { a: 'b' } });
      const replaced = await patch('strategic-maps', { data: { $patch: 'replace', z: 'z' } });
      expect(patchedSchema.parse(replaced.body).data).toEqual({ z: 'z' });
      const emptied = await patch('strategic-maps', { data: { $patch: 'delete' } });
      expect(patchedSchema.parse(emptied.body).data).toBeUndefined();
    });

    it('ignores a directive about a map that is not there', async () => {
      await create('strategic-none');
      const answer = await patch('strategic-none', {
        metadata: { labels: { $patch: 'replace', z: 'z' } },
      });
      expect(metadataOf(answer).labels).toBeUndefined();
    });
  });
}
