import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { SendKube } from '#infra/local/real/kube-request.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

const appliedSchema = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  data: z.record(z.string(), z.string()),
});

/** How a server-side apply of kubectl's goes on from where its client-side apply was. */
export function lastAppliedContract(send: SendKube): void {
  const configMap = (name: string, data: object) => ({
    apiVersion: 'v1',
    data,
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
  });
  const apply = (name: string, data: object, manager: string) =>
    send({
      method: 'PATCH',
      path: `${CONFIGMAPS}/${name}?fieldManager=${manager}`,
      type: 'application/apply-patch+yaml',
      body: configMap(name, data),
    });

  /** As `kubectl apply` creates an object. */
  async function applyFromClient(name: string, data: object): Promise<void> {
    const applied = configMap(name, data);
    const annotations = { [ANNOTATION]: `${JSON.stringify(applied)}\n` };
    const path = `${CONFIGMAPS}?fieldManager=kubectl-client-side-apply`;
    const body = { ...applied, metadata: { ...applied.metadata, annotations } };
    expect((await send({ method: 'POST', path, body })).status).toBe(201);
  }

  describe('an apply after a client-side apply', () => {
    it('takes what kubectl applied without a conflict, and notes what it applies', async () => {
      await applyFromClient('applied-on', { a: 'b' });
      const answer = await apply('applied-on', { a: 'c' }, 'kubectl');
      expect(answer.status).toBe(200);
      const { metadata, data } = appliedSchema.parse(answer.body);
      expect(data).toEqual({ a: 'c' });
      expect(metadata.annotations[ANNOTATION]).toBe(
        `${JSON.stringify(configMap('applied-on', { a: 'c' }))}\n`,
      );
    });

    it('conflicts where another manager has changed it since', async () => {
      await applyFromClient('applied-since', { a: 'b' });
      const type = 'application/merge-patch+json';
      const path = `${CONFIGMAPS}/applied-since?fieldManager=other`;
      await send({ method: 'PATCH', path, type, body: { data: { a: 'x' } } });
      const answer = await apply('applied-since', { a: 'c' }, 'kubectl');
      expect(answer.status).toBe(409);
      expect(JSON.stringify(answer.body)).toContain('conflict with');
    });

    it('conflicts where another than kubectl applies', async () => {
      await applyFromClient('applied-by-other', { a: 'b' });
      expect((await apply('applied-by-other', { a: 'c' }, 'pipeline')).status).toBe(409);
    });
  });
}
