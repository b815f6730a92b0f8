import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { AdmissionRequest } from '#infra/local/kube/request.ts';
import { writeKubeconfig, type Kube, type KubeOptions } from '#infra/local/kube/start-kube.ts';
import { MAX_BODY_BYTES } from '#infra/local/kube/app.ts';
import { startTroubledKube, type Trouble } from '#test/fakes/kube-trouble.ts';
import { PATIENCE } from '#test/patience.ts';

const rootsyncs = '/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs';
const running: Kube[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()));
});

async function start(options: Partial<KubeOptions> & Trouble = {}): Promise<Kube> {
  const kube = await startTroubledKube({ name: 'cluster-1', ...options });
  running.push(kube);
  return kube;
}

function manifest(name = 'root-sync') {
  return {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: { name },
    spec: { sourceType: 'oci', oci: { image: 'x:v1', auth: 'none' } },
  };
}

function send(kube: Kube, method: string, path: string, body?: object, headers = {}) {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return fetch(kube.url + path, {
    method,
    headers: { 'content-type': type, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe('startKube()', () => {
  it.each([
    [{}, 'local-admin'],
    [{ authorization: 'Bearer dev@acme.example' }, 'dev@acme.example'],
    [{ authorization: 'Bearer admin', 'impersonate-user': 'robot' }, 'robot'],
    [{ authorization: 'Basic eDp5' }, 'local-admin'],
  ])('knows the user by %o', async (headers, user) => {
    const kube = await start({ clock: () => new Date('2026-11-22T05:00:00Z') });
    await send(kube, 'POST', `${rootsyncs}?fieldManager=test`, manifest(), headers);
    expect(kube.store.requests).toEqual([
      {
        verb: 'create',
        user,
        path: rootsyncs,
        fieldManager: 'test',
        at: new Date('2026-11-22T05:00:00Z'),
      },
    ]);
  });

  it('asks admission about every write, no-ops and dry runs too, and about the subresource', async () => {
    const seen: AdmissionRequest[] = [];
    const kube = await start({ admit: [(request) => void seen.push(request)] });
    await send(kube, 'POST', rootsyncs, manifest());
    const path = `${rootsyncs}/root-sync`;
    await send(kube, 'PATCH', path, {});
    await send(kube, 'PATCH', `${path}?dryRun=All`, { metadata: { labels: { a: 'b' } } });
    await send(kube, 'PATCH', `${path}/status`, { status: { observedGeneration: 1 } });
    await send(kube, 'DELETE', path);
    const asked = seen.map(({ operation, dryRun, subresource }) => [
      operation,
      dryRun,
      subresource,
    ]);
    expect(asked).toEqual([
      ['CREATE', false, ''],
      ['UPDATE', false, ''],
      ['UPDATE', true, ''],
      ['UPDATE', false, 'status'],
      ['DELETE', false, ''],
    ]);
    expect(seen[0]).toMatchObject({ namespace: 'config-management-system', name: 'root-sync' });
    expect(seen[0]?.oldObject).toBeUndefined();
    expect(seen[2]).toMatchObject({ object: { metadata: { labels: { a: 'b' } } } });
    expect(seen[2]?.oldObject?.metadata).not.toHaveProperty('labels');
    expect(seen[4]?.object).toBeUndefined();
  });

  it('answers a denial as it was given, and stores nothing', async () => {
    const denial = { code: 422, reason: 'Invalid', message: 'no', causes: [{ message: 'no' }] };
    const kube = await start({ admit: [() => denial] });
    const response = await send(kube, 'POST', rootsyncs, manifest());
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'Invalid',
      message: 'no',
      details: {
        name: 'root-sync',
        group: 'configsync.gke.io',
        kind: 'rootsyncs',
        causes: [{ message: 'no' }],
      },
    });
    expect(kube.store.list('rootsyncs')).toEqual([]);
  });

  it('repeats a patch when another write got in between', async () => {
    let kube: Kube | undefined;
    let interfered = false;
    kube = await start({
      admit: [
        ({ operation, oldObject }) => {
          if (operation !== 'UPDATE' || interfered || oldObject === undefined) return undefined;
          interfered = true;
          const metadata = { ...oldObject.metadata, labels: { other: 'yes' } };
          kube?.store.commit('rootsyncs', oldObject, { ...oldObject, metadata });
          return undefined;
        },
      ],
    });
    await send(kube, 'POST', rootsyncs, manifest());
    await send(kube, 'PATCH', `${rootsyncs}/root-sync`, { metadata: { annotations: { a: 'b' } } });
    expect(kube.store.get('rootsyncs', 'config-management-system', 'root-sync')).toMatchObject({
      metadata: { labels: { other: 'yes' }, annotations: { a: 'b' } },
    });
  });

  it('forbids what the hook forbids, worded as RBAC words it', async () => {
    const kube = await start({ forbid: ({ verb }) => verb === 'list' });
    const response = await send(kube, 'GET', rootsyncs);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      reason: 'Forbidden',
      message:
        'rootsyncs.configsync.gke.io is forbidden: User "local-admin" cannot list resource "rootsyncs" in API group "configsync.gke.io" in the namespace "config-management-system"',
    });
    expect((await send(kube, 'GET', '/version')).status).toBe(200);
  });

  it('answers an injected status with its Retry-After', async () => {
    const fault = {
      kind: 'status',
      code: 429,
      reason: 'TooManyRequests',
      message: 'slow down',
      retryAfter: 7,
    } as const;
    const kube = await start({ fault: () => fault });
    const response = await send(kube, 'GET', rootsyncs);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await response.json()).toMatchObject({ code: 429, details: { retryAfterSeconds: 7 } });
  });

  it('cuts an injected drop off', async () => {
    const kube = await start({ fault: () => ({ kind: 'drop' }) });
    await expect(send(kube, 'GET', rootsyncs)).rejects.toThrow('fetch failed');
  });

  it('answers an injected delay late, and a hang never', async () => {
    const hung = Promise.withResolvers<void>();
    const kube = await start({
      fault({ path }) {
        if (path === '/version') return { kind: 'delay', ms: 20 };
        hung.resolve();
        return { kind: 'hang' };
      },
    });
    const leaving = new AbortController();
    const asking = fetch(`${kube.url}/api`, leaving);
    await hung.promise;
    expect((await send(kube, 'GET', '/version')).status).toBe(200);
    leaving.abort(new Error('left'));
    await expect(asking).rejects.toThrow('left');
  });

  it('is a cluster without Config Sync where asked for', async () => {
    const kube = await start({ configSync: false });
    const response = await send(kube, 'GET', rootsyncs);
    expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
    const crds = await send(kube, 'GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    expect(await crds.json()).toMatchObject({ items: [] });
  });

  it('refuses a body beyond its limit', async () => {
    const kube = await start();
    const large = { ...manifest(), filler: 'x'.repeat(MAX_BODY_BYTES) };
    const response = await send(kube, 'POST', rootsyncs, large);
    expect([response.status, await response.json()]).toMatchObject([
      413,
      { reason: 'RequestEntityTooLarge' },
    ]);
  });

  it.each([
    [
      'a body that is not JSON or YAML',
      'POST',
      rootsyncs,
      'application/vnd.kubernetes.protobuf',
      415,
    ],
    [
      'a write to a CRD',
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      'application/json',
      405,
    ],
    ['a delete of all namespaces', 'DELETE', '/api/v1/namespaces', 'application/json', 405],
    ['an unknown dryRun', 'POST', `${rootsyncs}?dryRun=Some`, 'application/json', 422],
    [
      'an unknown resource',
      'GET',
      '/apis/configsync.gke.io/v1beta1/othersyncs',
      'application/json',
      404,
    ],
    ['an unknown subresource', 'GET', `${rootsyncs}/x/scale`, 'application/json', 404],
    ['a broken escape in the path', 'GET', `${rootsyncs}/%zz`, 'application/json', 400],
  ])('refuses %s', async (_, method, path, type, code) => {
    const kube = await start();
    const body = method === 'GET' ? undefined : manifest();
    const response = await send(kube, method, path, body, { 'content-type': type });
    expect(response.status).toBe(code);
  });

  it('keeps a namespace until its last object with a finalizer goes, and takes nothing new in', async () => {
    const kube = await start();
    const namespaces = '/api/v1/namespaces';
    await send(kube, 'POST', namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'team-a' },
    });
    const reposyncs = rootsyncs
      .replace('config-management-system', 'team-a')
      .replace('root', 'repo');
    const metadata = { name: 'repo-sync', finalizers: ['a.example/hold'] };
    await send(kube, 'POST', reposyncs, { ...manifest(), kind: 'RepoSync', metadata });
    const deleted = await send(kube, 'DELETE', `${namespaces}/team-a`);
    expect(await deleted.json()).toMatchObject({
      metadata: { deletionTimestamp: expect.any(String) },
    });
    const late = await send(kube, 'POST', reposyncs, { ...manifest('late'), kind: 'RepoSync' });
    expect(late.status).toBe(403);
    await send(kube, 'PATCH', `${reposyncs}/repo-sync`, { metadata: { finalizers: null } });
    expect((await send(kube, 'GET', `${namespaces}/team-a`)).status).toBe(404);
  });

  it('shows a Deployment that is rolled out, and removes it with its namespace', async () => {
    const kube = await start();
    const deployments = '/apis/apps/v1/deployments';
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const table = await send(kube, 'GET', deployments, undefined, { accept });
    expect(await table.json()).toMatchObject({
      rows: [{ cells: ['reconciler-manager', '1/1', 1, 1, expect.any(String)] }],
    });
    await send(kube, 'DELETE', '/api/v1/namespaces/config-management-system');
    expect(await (await send(kube, 'GET', deployments)).json()).toMatchObject({ items: [] });
  });

  it.each([
    [{ uid: 'other' }, 409],
    [{ resourceVersion: '1' }, 409],
    [{}, 200],
  ])('deletes under preconditions %o: %i', async (preconditions, code) => {
    const kube = await start();
    await send(kube, 'POST', rootsyncs, manifest());
    const response = await send(kube, 'DELETE', `${rootsyncs}/root-sync`, { preconditions });
    expect(response.status).toBe(code);
  });

  it('ends its watches on close', async () => {
    const kube = await start();
    const response = await send(kube, 'GET', `${rootsyncs}?watch=true`);
    expect(kube.store.subscribers()).toBe(1);
    await kube.close();
    await expect(response.text()).rejects.toThrow('terminated');
    await vi.waitFor(() => expect(kube.store.subscribers()).toBe(0), PATIENCE);
  });
});

describe('writeKubeconfig()', () => {
  it('names contexts as the clusters, for one user, readable by its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-kubeconfig-'));
    const path = join(folder, 'deep', 'kubeconfig');
    const clusters = [
      { name: 'cluster-1', url: 'http://127.0.0.1:1' },
      { name: 'cluster-2', url: 'http://127.0.0.1:2' },
    ];
    await writeKubeconfig({ path, clusters, user: 'me' });
    expect(parse(await readFile(path, 'utf8'))).toMatchObject({
      clusters: [
        {
          name: 'cluster-1',
          cluster: { server: 'http://127.0.0.1:1', 'insecure-skip-tls-verify': true },
        },
        { name: 'cluster-2' },
      ],
      contexts: [
        { name: 'cluster-1', context: { cluster: 'cluster-1', user: 'me' } },
        { name: 'cluster-2', context: { cluster: 'cluster-2', user: 'me' } },
      ],
      'current-context': 'cluster-1',
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await rm(folder, { recursive: true });
  });
});
