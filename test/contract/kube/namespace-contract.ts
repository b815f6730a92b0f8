import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { SendKube } from '#infra/local/real/kube-request.ts';

const NAMESPACES = '/api/v1/namespaces';
const MERGE = 'application/merge-patch+json';

const listSchema = z.object({
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});

/** What a namespace says of itself, and what fields select by. */
export function namespaceContract(send: SendKube): void {
  const create = (path: string, metadata: object, more: object = {}) =>
    send({ method: 'POST', path, body: { metadata, ...more } });

  async function namesIn(path: string, fieldSelector: string): Promise<readonly string[]> {
    const query = new URLSearchParams({ fieldSelector }).toString();
    const { body } = await send({ method: 'GET', path: `${path}?${query}` });
    return listSchema.parse(body).items.map(({ metadata }) => metadata.name);
  }

  describe('namespaces', () => {
    it('are terminating while something in them is held', async () => {
      await create(NAMESPACES, { name: 'held' });
      const inside = `${NAMESPACES}/held/configmaps`;
      await create(inside, { name: 'holder', finalizers: ['acme.example/hold'] });
      await send({ method: 'DELETE', path: `${NAMESPACES}/held` });
      const { body } = await send({ method: 'GET', path: `${NAMESPACES}/held` });
      expect(body).toMatchObject({ status: { phase: 'Terminating' } });
      expect(await namesIn(NAMESPACES, 'status.phase=Terminating')).toContain('held');
      expect(await namesIn(NAMESPACES, 'status.phase=Active')).not.toContain('held');
      const patch = { type: MERGE, body: { metadata: { finalizers: null } } };
      await send({ method: 'PATCH', path: `${inside}/holder`, ...patch });
    });

    it('keep their label, their phase and what holds them when they are replaced', async () => {
      await create(NAMESPACES, { name: 'replaced' });
      const metadata = { name: 'replaced', labels: { team: 'a' } };
      const path = `${NAMESPACES}/replaced`;
      const answer = await send({ method: 'PUT', path, body: { metadata, status: {} } });
      expect(answer).toMatchObject({
        status: 200,
        body: {
          metadata: { labels: { team: 'a', 'kubernetes.io/metadata.name': 'replaced' } },
          spec: { finalizers: ['kubernetes'] },
          status: { phase: 'Active' },
        },
      });
    });
  });

  describe('field selectors', () => {
    it('know the type of a Secret', async () => {
      const path = `${NAMESPACES}/default/secrets`;
      await create(path, { name: 'typed' }, { type: 'acme.example/typed' });
      await create(path, { name: 'opaque' });
      expect(await namesIn(path, 'type=acme.example/typed')).toEqual(['typed']);
    });
  });
}
