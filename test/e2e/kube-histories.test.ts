import { fc } from '#test/fixtures/fast-check.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKube, type Kube } from '#infra/local/kube/start-kube.ts';
import { comparable, type History, histories, type Place, requestOf } from './kube-histories.ts';
import { createSendKube, type SendKube } from '#infra/local/real/kube-request.ts';
import { startSyncCluster, type SyncCluster } from './tools/sync-cluster.ts';

const HISTORIES = 200;
const MERGE = 'application/merge-patch+json';
const PATHS: Readonly<Record<History['kind'], string>> = {
  ConfigMap: '/api/v1/namespaces/team-a/configmaps',
  RootSync: '/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs',
};

describe('the embedded API server', () => {
  let kube: Kube;
  let cluster: SyncCluster;
  let number = 0;

  beforeAll(async () => {
    kube = await startKube({ name: 'embedded' });
    kube.store.put('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'team-a' },
    });
    cluster = await startSyncCluster({ everybodyMay: true });
  });
  afterAll(async () => {
    await cluster?.close();
    await kube?.close();
  });

  it('answers writes of three managers as a real kube-apiserver does', async () => {
    const embedded = createSendKube({ url: kube.url });
    const history = fc.asyncProperty(histories, async ({ kind, calls }) => {
      number += 1;
      const place = { path: PATHS[kind], name: `history-${number}` };
      try {
        for (const step of calls) {
          const request = requestOf(kind, place, step);
          const [got, real] = await Promise.all([embedded(request), cluster.send(request)]);
          expect([got.status, comparable(got.body)]).toEqual([real.status, comparable(real.body)]);
        }
      } finally {
        await remove(cluster.send, place);
      }
    });
    await fc.assert(history, { numRuns: HISTORIES });
  });
});

async function remove(send: SendKube, { path, name }: Place): Promise<void> {
  const body = { metadata: { finalizers: null } };
  await send({ method: 'PATCH', path: `${path}/${name}`, type: MERGE, body });
  await send({ method: 'DELETE', path: `${path}/${name}` });
}
