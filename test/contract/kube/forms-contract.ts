import { describe, expect, it, vi } from 'vitest';
import type { KubeCall, SendKube } from '#infra/local/real/kube-request.ts';
import { PATIENCE } from '#test/patience.ts';
import { labelled, NAMESPACE } from './rsync-client.ts';

const ROOTSYNCS = `/apis/configsync.gke.io/v1beta1/namespaces/${NAMESPACE}/rootsyncs`;
const as = (form: string) => `application/json;as=${form};g=meta.k8s.io;v=v1`;
const OBJECT = as('PartialObjectMetadata');
const LIST = as('PartialObjectMetadataList');

/** What a client sees that asks for the metadata of objects alone, as caches and garbage collectors do. */
export function formsContract(send: SendKube): void {
  /** Exactly the metadata of one object. */
  function metadataOf(name: string): object {
    return {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: expect.objectContaining({ name, namespace: NAMESPACE, uid: expect.any(String) }),
    };
  }

  async function create(name: string, finalizers: readonly string[] = []): Promise<void> {
    const { metadata, ...rest } = labelled(name, name);
    const body = { ...rest, metadata: { ...metadata, finalizers } };
    expect((await send({ method: 'POST', path: ROOTSYNCS, body })).status).toBe(201);
  }

  describe('the metadata of objects alone', () => {
    it('is what a get answers', async () => {
      await create('form-get');
      const answer = await send({ method: 'GET', path: `${ROOTSYNCS}/form-get`, accept: OBJECT });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.body).toEqual(metadataOf('form-get'));
    });

    it('is what a list answers, page by page', async () => {
      for (const name of ['form-list-a', 'form-list-b']) await create(name);
      const path = `${ROOTSYNCS}?labelSelector=set+in+(form-list-a,form-list-b)&limit=1`;
      const answer = await send({ method: 'GET', path, accept: LIST });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.body).toEqual({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion: expect.any(String), continue: expect.any(String) },
        items: [metadataOf('form-list-a')],
      });
    });

    it('is what a watch shows', async () => {
      await create('form-watch');
      const path = `${ROOTSYNCS}?watch=true&fieldSelector=metadata.name%3Dform-watch&timeoutSeconds=1`;
      const body = await vi.waitFor(async () => {
        const answer = await send({ method: 'GET', path, accept: OBJECT });
        // Where the machine is busy, a watch may end before it has shown anything.
        expect(answer.body).not.toBe('');
        return answer.body;
      }, PATIENCE);
      expect(body).toEqual({ type: 'ADDED', object: metadataOf('form-watch') });
    });

    it.each<[string, Omit<KubeCall, 'path'>]>([
      ['patch', { method: 'PATCH', type: 'application/merge-patch+json', body: {} }],
      ['deletion that a finalizer holds', { method: 'DELETE' }],
    ])('is what a %s answers', async (_, call) => {
      const name = `form-${call.method.toLowerCase()}`;
      await create(name, ['a.example/hold']);
      const answer = await send({ ...call, path: `${ROOTSYNCS}/${name}`, accept: OBJECT });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.body).toEqual(metadataOf(name));
    });

    it('is no Status', async () => {
      await create('form-gone');
      for (const [method, status] of [
        ['DELETE', 'Success'],
        ['GET', 'Failure'],
      ] as const) {
        const answer = await send({ method, path: `${ROOTSYNCS}/form-gone`, accept: OBJECT });
        expect(answer).toMatchObject({ body: { kind: 'Status', status } });
      }
    });

    // Of a custom resource a real server answers the second with 500.
    it.each([
      ['an object', 'of a list', '', OBJECT],
      ['a list', 'of an object', '/form-mismatch', LIST],
    ])('is not acceptable as that of %s %s', async (_, __, place, accept) => {
      const path = '/api/v1/namespaces/default/configmaps';
      await send({ method: 'POST', path, body: { metadata: { name: 'form-mismatch' } } });
      const answer = await send({ method: 'GET', path: `${path}${place}`, accept });
      expect(answer).toMatchObject({ status: 406, body: { reason: 'NotAcceptable', code: 406 } });
    });

    it('is passed over in a form that is not known, for the next one that is', async () => {
      await create('form-next');
      const accept = `${as('Unknown')},${OBJECT.replace('v=v1', 'v=v9')},application/json`;
      const answer = await send({ method: 'GET', path: `${ROOTSYNCS}/form-next`, accept });
      expect(answer).toMatchObject({ status: 200, body: { kind: 'RootSync', spec: {} } });
    });
  });
}
