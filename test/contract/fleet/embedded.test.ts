import { describe, expect, it, onTestFinished } from 'vitest';
import type { KubeOptions } from '#infra/local/kube/start-kube.ts';
import { listRSyncs } from '#test/fixtures/list-rsyncs.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import { repoSync, rootSync } from '#test/fixtures/rsync-manifests.ts';
import type { Trouble } from '#test/fakes/kube-trouble.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { CALL_MS, type Embedded, startEmbedded } from './start-embedded.ts';
import { clusterApiContract } from './suite.ts';

const PLURALS = { RootSync: 'rootsyncs', RepoSync: 'reposyncs' } as const;
const ROOT: SyncRef = {
  kind: 'RootSync',
  namespace: 'config-management-system',
  name: 'root-sync',
};
const BODY = { metadata: { annotations: { 'countersign.dev/approved': '' } } };
const OPTIONS = { fieldManager: 'countersign' };

clusterApiContract({
  name: 'the embedded kube-api',
  async start() {
    const { kube, api, stop } = await startEmbedded();
    return {
      api,
      user: 'countersign@acme.example',
      stop,
      put: async (manifest) => void kube.store.put(PLURALS[manifest.kind], manifest),
      remove: async ({ kind, namespace, name }) => {
        const plural = PLURALS[kind];
        kube.store.commit(plural, kube.store.get(plural, namespace, name));
      },
    };
  },
});

async function startCluster(options: Partial<KubeOptions> & Trouble = {}): Promise<Embedded> {
  const cluster = await startEmbedded(options);
  onTestFinished(() => cluster.stop());
  cluster.kube.store.put('rootsyncs', rootSync());
  cluster.kube.store.put('reposyncs', repoSync());
  return cluster;
}

describe('calls that reach a cluster', () => {
  it('are two for a list, under Countersign’s name and no other', async () => {
    const { kube, api, pace } = await startCluster();
    await listRSyncs(api);
    expect(kube.store.requests.map(({ verb, path }) => [verb, path])).toEqual([
      ['list', '/apis/configsync.gke.io/v1beta1/rootsyncs'],
      ['list', '/apis/configsync.gke.io/v1beta1/reposyncs'],
    ]);
    expect(new Set(kube.store.requests.map(({ user }) => user))).toEqual(
      new Set(['countersign@acme.example']),
    );
    expect(pace.calls).toEqual({ list: 2, get: 0, patch: 0, discover: 0 });
  });

  it('carry our field manager', async () => {
    const { kube, api } = await startCluster();
    await api.patch(ROOT, BODY, OPTIONS);
    expect(kube.store.requests.map(({ fieldManager }) => fieldManager)).toEqual(['countersign']);
  });
});

describe('a cluster that says no', () => {
  it('has no Config Sync', async () => {
    const { api, stop } = await startEmbedded({ configSync: false });
    onTestFinished(() => stop());
    expect(await api.discover()).toBe(false);
    await expect(listRSyncs(api)).rejects.toMatchObject({ code: 'no-config-sync', retry: false });
  });

  it('forbids by RBAC', async () => {
    const { api } = await startCluster({ forbid: ({ verb }) => verb === 'patch' });
    expect((await listRSyncs(api)).rsyncs).toHaveLength(2);
    await expect(api.patch(ROOT, BODY, OPTIONS)).rejects.toMatchObject({
      code: 'cluster-forbidden',
      message: expect.stringContaining('cannot patch resource'),
    });
  });

  it.each([
    [422, 'Invalid'],
    [403, 'Forbidden'],
    [400, 'BadRequest'],
  ])('refuses by admission, with %i, and its words reach us', async (code, reason) => {
    const message = 'admission webhook "v.example.com" denied the request: not approved';
    const { api } = await startCluster({ admit: [() => ({ code, reason, message })] });
    await expect(api.patch(ROOT, BODY, OPTIONS)).rejects.toMatchObject({
      code: 'cluster-refused',
      message: expect.stringContaining(message),
    });
  });

  it('has forgotten where a page ended', async () => {
    const { kube, api } = await startCluster();
    kube.store.put('rootsyncs', rootSync({}, undefined, 'a'));
    const page = await api.list('RootSync', { limit: 1 });
    kube.store.put('rootsyncs', rootSync({}, undefined, 'b'));
    kube.store.expire();
    const next = { limit: 1, continue: page.continue ?? '' };
    await expect(api.list('RootSync', next)).rejects.toMatchObject({ code: 'cluster-conflict' });
  });
});

describe('a cluster in trouble', () => {
  it.each([
    ['drops connections', { kind: 'drop' }],
    ['fails', { kind: 'status', code: 503, reason: 'ServiceUnavailable', message: 'no' }],
  ] as const)('is asked again when it %s', async (_, fault) => {
    let left = 2;
    const { api, pace } = await startCluster({
      fault: () => {
        left -= 1;
        return left >= 0 ? fault : undefined;
      },
    });
    expect((await api.list('RootSync', { limit: 500 })).items).toHaveLength(1);
    expect(pace.calls.list).toBe(3);
  });

  it('says how long to stay away', async () => {
    const { api, pace } = await startCluster({
      fault: () => ({
        kind: 'status',
        code: 429,
        reason: 'TooManyRequests',
        message: 'busy',
        retryAfter: 30,
      }),
    });
    await expect(api.list('RootSync', { limit: 500 })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retryAfterMs: 30_000,
    });
    expect(pace.calls.list).toBe(1);
  });

  it('never answers, and costs one deadline', async () => {
    const arrived = Promise.withResolvers<void>();
    const { api, pace } = await startCluster({
      fault() {
        arrived.resolve();
        return { kind: 'hang' };
      },
    });
    using deadline = holdTimers(CALL_MS);
    const failing = api.list('RootSync', { limit: 500 });
    await arrived.promise;
    deadline.pass();
    await expect(failing).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retry: true,
    });
    expect(pace.calls.list).toBe(1);
  });
});
