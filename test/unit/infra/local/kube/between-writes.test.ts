import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSendKube, type SendKube } from '#infra/local/real/kube-request.ts';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const APPLY = 'application/apply-patch+yaml';

let kube: Kube;
let send: SendKube;
/** Done once, while the next write is with admission. */
let meanwhile: (() => void) | undefined;

beforeEach(async () => {
  meanwhile = undefined;
  const admit = (): undefined => {
    const act = meanwhile;
    meanwhile = undefined;
    act?.();
  };
  kube = await startKube({ name: 'cluster-1', admit: [admit] });
  send = createSendKube(kube);
});
afterEach(() => kube?.close());

function put(name: string, more: object): void {
  const metadata = { name, namespace: 'default' };
  const there = kube.store.get('configmaps', 'default', name);
  const fresh = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  kube.store.put('configmaps', { ...(there ?? fresh), ...more });
}

const namesLeft = (): string[] =>
  kube.store.list('configmaps').map(({ metadata }) => metadata.name);

describe('a write that comes while another is with admission', () => {
  it('does not keep an object that is deleted', async () => {
    put('raced', {});
    meanwhile = () => put('raced', { data: { a: 'b' } });
    const answer = await send({ method: 'DELETE', path: `${CONFIGMAPS}/raced` });
    expect(answer).toMatchObject({ status: 200, body: { status: 'Success' } });
    expect(namesLeft()).toEqual([]);
  });

  it('holds an object that is deleted by the finalizer that it adds', async () => {
    put('raced', {});
    const metadata = { name: 'raced', namespace: 'default', finalizers: ['acme.example/hold'] };
    meanwhile = () => put('raced', { metadata });
    const { body } = await send({ method: 'DELETE', path: `${CONFIGMAPS}/raced` });
    expect(body).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } });
    expect(namesLeft()).toEqual(['raced']);
  });

  it('does not stop the deletion of a collection by a deletion of its own', async () => {
    for (const name of ['one', 'three', 'two']) put(name, {});
    meanwhile = () =>
      kube.store.commit('configmaps', kube.store.get('configmaps', 'default', 'three'));
    expect((await send({ method: 'DELETE', path: CONFIGMAPS })).status).toBe(200);
    expect(namesLeft()).toEqual([]);
  });

  it('is merged with what is applied, where it creates the object', async () => {
    meanwhile = () => put('shared', { data: { theirs: '1' } });
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } };
    const answer = await send({
      method: 'PATCH',
      path: `${CONFIGMAPS}/shared?fieldManager=me`,
      type: APPLY,
      body: { ...body, data: { mine: '2' } },
    });
    expect(answer).toMatchObject({ status: 200, body: { data: { theirs: '1', mine: '2' } } });
  });
});
