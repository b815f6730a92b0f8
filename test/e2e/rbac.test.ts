import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import { clusterApiContract } from '#test/contract/fleet/suite.ts';
import { repoSync, rootSync, type RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { connectCluster } from './tools/connect-cluster.ts';
import { runProcess } from './tools/process.ts';
import { startSyncCluster, type SyncCluster, until } from './tools/sync-cluster.ts';

const RBAC = join(import.meta.dirname, '../../infra/kubernetes/rbac');
const USER = 'countersign@PROJECT.iam.gserviceaccount.com';
const ROOT: SyncRef = {
  kind: 'RootSync',
  namespace: 'config-management-system',
  name: 'root-sync',
};
const REPO: SyncRef = { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' };
const ALL = '/apis/configsync.gke.io/v1beta1';
const ROOTS = `${ALL}/namespaces/config-management-system/rootsyncs`;

const roleSchema = z.looseObject({
  rules: z.tuple([z.looseObject({ resources: z.array(z.string()), verbs: z.array(z.string()) })]),
});

let cluster: SyncCluster;
let role: z.infer<typeof roleSchema>;
const placed = new Map<string, RSyncManifest>();

beforeAll(async () => {
  cluster = await startSyncCluster();
  role = roleSchema.parse(parse(await readFile(join(RBAC, 'base/role.yaml'), 'utf8')));
  await apply('user');
});
afterAll(() => cluster?.close());

/** As the docs say it: `kubectl apply -k`. */
async function apply(folder: string): Promise<void> {
  const KUBECONFIG = await cluster.kubeconfig('admin', ['system:masters']);
  const args = ['apply', '-k', join(RBAC, folder)];
  const { code, stderr } = await runProcess({ command: 'kubectl', args, env: { KUBECONFIG } });
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

async function connectUser(): Promise<ClusterApi> {
  return connectCluster(await cluster.kubeconfig(USER));
}

async function put(manifest: RSyncManifest): Promise<void> {
  placed.set(`${manifest.kind}/${manifest.metadata.name}`, manifest);
  await cluster.apply(manifest);
}

clusterApiContract({
  name: 'a real kube-apiserver, with the ClusterRole',
  async start() {
    const api = await connectUser();
    await until(() => succeeds(() => api.list('RepoSync', { limit: 1 })));
    return {
      api,
      user: USER,
      put,
      remove: ({ kind, namespace, name }) =>
        cluster.remove({ ...rootSync(), kind, metadata: { namespace, name } }),
      async stop() {
        for (const manifest of placed.values()) await cluster.remove(manifest);
        placed.clear();
      },
    };
  },
});

/** Every call that `ClusterApi` has, on both kinds. */
const CALLS: Readonly<Record<string, (api: ClusterApi) => Promise<unknown>>> = {
  'list RootSyncs': (api) => api.list('RootSync', { limit: 500 }),
  'list RepoSyncs': (api) => api.list('RepoSync', { limit: 500 }),
  'get a RootSync': (api) => api.get(ROOT),
  'get a RepoSync': (api) => api.get(REPO),
  'patch a RootSync': (api) => annotate(api, ROOT),
  'patch a RepoSync': (api) => annotate(api, REPO),
  discover: (api) => api.discover(),
};

function annotate(api: ClusterApi, ref: SyncRef): Promise<void> {
  const body = { metadata: { annotations: { 'countersign.dev/approved': '' } } };
  return api.patch(ref, body, { fieldManager: 'countersign', dryRun: true });
}

async function succeeds(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'cluster-forbidden' });
    return false;
  }
}

async function refusedCalls(api: ClusterApi): Promise<string[]> {
  const refused: string[] = [];
  for (const [name, call] of Object.entries(CALLS)) {
    if (!(await succeeds(() => call(api)))) refused.push(name);
  }
  return refused;
}

describe('the ClusterRole', () => {
  let api: ClusterApi;
  beforeAll(async () => {
    await put(rootSync());
    await put(repoSync());
    api = await connectUser();
  });

  it('allows every call', async () => {
    await until(async () => (await refusedCalls(api)).length === 0);
    expect(await api.discover()).toBe(true);
  });

  it.each([
    ['get', ['get a RootSync', 'get a RepoSync']],
    ['list', ['list RootSyncs', 'list RepoSyncs']],
    ['patch', ['patch a RootSync', 'patch a RepoSync']],
    ['rootsyncs', ['list RootSyncs', 'get a RootSync', 'patch a RootSync']],
    ['reposyncs', ['list RepoSyncs', 'get a RepoSync', 'patch a RepoSync']],
  ])('has nothing to spare: without %s, calls fail', async (removed, expected) => {
    const [rule] = role.rules;
    const without = (words: string[]) => words.filter((word) => word !== removed);
    const less = { ...rule, resources: without(rule.resources), verbs: without(rule.verbs) };
    await cluster.apply({ ...role, rules: [less] });
    await until(async () => (await refusedCalls(api)).length > 0);
    expect(await refusedCalls(api)).toEqual(expected);
    await cluster.apply(role);
    await until(async () => (await refusedCalls(api)).length === 0);
  });

  it('names no verb or resource that no test removes', () => {
    const [{ verbs, resources }] = role.rules;
    expect([...verbs, ...resources]).toEqual(['get', 'list', 'patch', 'rootsyncs', 'reposyncs']);
  });

  it.each([
    ['watch RootSyncs', 'GET', `${ALL}/rootsyncs?watch=true&timeoutSeconds=1`],
    ['create a RootSync', 'POST', ROOTS],
    ['replace a RootSync', 'PUT', `${ROOTS}/root-sync`],
    ['delete a RootSync', 'DELETE', `${ROOTS}/root-sync`],
    ['write status', 'PATCH', `${ROOTS}/root-sync/status`],
    ['read Secrets', 'GET', '/api/v1/secrets'],
    ['read namespaces', 'GET', '/api/v1/namespaces'],
    ['read the gate', 'GET', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'],
  ])('does not allow to %s', async (_, method, path) => {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: rootSync() };
    const type = method === 'PATCH' ? { type: 'application/merge-patch+json' } : {};
    expect(await cluster.send({ method, path, user: USER, ...body, ...type })).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden' },
    });
  });
});

describe('the service account', () => {
  it('may do the same, with a token of its own', async () => {
    await apply('service-account');
    const path = '/api/v1/namespaces/countersign/serviceaccounts/countersign/token';
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const answer = await cluster.send({ method: 'POST', path, body });
    const { token } = z
      .object({ status: z.object({ token: z.string() }) })
      .parse(answer.body).status;
    const kubeconfig = await cluster.kubeconfig('countersign');
    const parsed = z.looseObject({}).parse(parse(await readFile(kubeconfig, 'utf8')));
    const users = [{ name: 'countersign', user: { token } }];
    await writeFile(kubeconfig, stringify({ ...parsed, users }));
    const api = await connectCluster(kubeconfig);
    await until(async () => (await refusedCalls(api)).length === 0);
    expect(await api.discover()).toBe(true);
  });
});
