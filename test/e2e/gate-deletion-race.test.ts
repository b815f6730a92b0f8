import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { approved, bad, good, identity, live, sync } from '#test/fixtures/gate/case.ts';
import { repoSync, withMetadata } from '#test/fixtures/rsync-manifests.ts';
import { manager, teamA, tenant } from '#test/hostile/gate/actors.ts';
import { SETUP_USER } from '#test/hostile/gate/run-attack.ts';
import { createSendKube } from '#infra/local/real/kube-request.ts';
import {
  collectionOf,
  pathOf,
  startSyncCluster,
  type SyncCluster,
  until,
} from './tools/sync-cluster.ts';
import { installGates } from './tools/variant-gates.ts';

const ROUNDS = 12;
const WRITES = 6;
const OWN = 'acme.example/own';
const FINALIZERS = ['configsync.gke.io/reconciler-manager', 'configsync.gke.io/reconciler'];
const MERGE = 'application/merge-patch+json';

const object = withMetadata(repoSync({ ...approved(good, live), ...sync(live) }), {
  finalizers: FINALIZERS,
});
const path = pathOf(object);

const liveSchema = z.looseObject({
  metadata: z.looseObject({
    annotations: z.record(z.string(), z.string()).default({}),
    finalizers: z.array(z.string()).default([]),
    deletionTimestamp: z.string().optional(),
  }),
});
const kubeconfigSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ 'certificate-authority-data': z.string() }) }),
  ]),
});
const tokenSchema = z.object({ status: z.object({ token: z.string() }) });

let cluster: SyncCluster;
beforeAll(async () => {
  cluster = await startSyncCluster({ everybodyMay: true });
  const variant = { gate: 'gate', without: [] } as const;
  await (await installGates(cluster, [variant])).guard(variant);
});
afterAll(() => cluster?.close());

async function patch(user: string, body: object): Promise<number> {
  return (await cluster.send({ method: 'PATCH', path, type: MERGE, user, body })).status;
}

async function read(): Promise<z.infer<typeof liveSchema> | undefined> {
  const { status, body } = await cluster.send({ method: 'GET', path });
  return status === 200 ? liveSchema.parse(body) : undefined;
}

/** The same write again and again, while others write: the statuses that it was answered with. */
async function again(user: string, body: object): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < WRITES; index += 1) statuses.push(await patch(user, body));
  return statuses;
}

/** Config Sync's finalizers go by Config Sync's hands, the tenant's by his own. */
async function finalize(): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const [user, gone] of [
    [teamA, FINALIZERS[1]],
    [manager, FINALIZERS[0]],
    [tenant, OWN],
  ] as const) {
    const left = (await read())?.metadata.finalizers ?? [];
    const finalizers = left.filter((each) => each !== gone);
    if (finalizers.length < left.length)
      statuses.push(await patch(user, { metadata: { finalizers } }));
  }
  return statuses;
}

it('admits nothing unapproved while an object is deleted and kept, and Config Sync can finish', async () => {
  const seen = {
    announced: [] as string[],
    sentAgain: [] as number[],
    finalized: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const placed = await cluster.send({
      method: 'POST',
      path: collectionOf(object),
      user: SETUP_USER,
      body: object,
    });
    expect(placed.status).toBe(201);
    const [evil, forged, unknown, , , withdrawn] = await Promise.all([
      again(teamA, { metadata: { annotations: sync(bad) } }),
      again(tenant, { metadata: { annotations: approved(bad) } }),
      again(tenant, { metadata: { finalizers: [OWN], annotations: { 'countersign.dev/x': '' } } }),
      // Config Sync's finalizers go and the tenant's comes, in one write, as close to the deletion as may be.
      patch(tenant, { metadata: { finalizers: round % 2 === 0 ? [OWN] : [...FINALIZERS, OWN] } }),
      cluster.send({ method: 'DELETE', path, user: tenant }),
      patch(identity, { metadata: { annotations: approved(good) } }),
    ]);
    // 422: by the gate or, for a new finalizer of a deleted object, by the API server. 404: gone. 409: overtaken.
    const answers = [...evil, ...forged, ...unknown];
    expect(answers.filter((status) => ![404, 409, 422].includes(status))).toEqual([]);
    expect([200, 404, 409]).toContain(withdrawn);

    const kept = await read();
    if (kept?.metadata.deletionTimestamp !== undefined) {
      seen.announced.push(kept.metadata.annotations['configsync.gke.io/image-to-sync'] ?? '');
      if (withdrawn === 200) seen.sentAgain.push(await patch(teamA, {}));
      seen.finalized.push(...(await finalize()));
    }
    await until(async () => (await read()) === undefined);
  }
  const before = sync(live)['configsync.gke.io/image-to-sync'];
  expect(new Set(seen.announced)).toEqual(new Set([before]));
  expect(new Set(seen.sentAgain)).toEqual(new Set([422]));
  expect(new Set(seen.finalized)).toEqual(new Set([200]));
});

it('takes no user for another: a tenant may not impersonate, with a token of his own', async () => {
  const account = '/api/v1/namespaces/team-a/serviceaccounts';
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await cluster.send({ method: 'DELETE', path: `${rbac}/clusterrolebindings/everybody-may` });
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'tenant', namespace: 'team-a' },
  });
  await cluster.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'tenant', namespace: 'team-a' },
    rules: [{ apiGroups: ['configsync.gke.io'], resources: ['reposyncs'], verbs: ['*'] }],
  });
  await cluster.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'tenant', namespace: 'team-a' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'tenant' },
    subjects: [{ kind: 'ServiceAccount', name: 'tenant', namespace: 'team-a' }],
  });
  const issued = await cluster.send({
    method: 'POST',
    path: `${account}/tenant/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  const { token } = tokenSchema.parse(issued.body).status;
  const [{ cluster: server }] = kubeconfigSchema.parse(
    parse(await readFile(await cluster.kubeconfig('x'), 'utf8')),
  ).clusters;
  const ca = Buffer.from(server['certificate-authority-data'], 'base64').toString();
  const send = createSendKube({ url: cluster.url, ca, token });
  const create = (user: string | undefined, annotations: Record<string, string>) =>
    send({
      method: 'POST',
      path: `${collectionOf(object)}?dryRun=All`,
      body: repoSync(annotations),
      ...(user === undefined ? {} : { user }),
    });
  await until(async () => (await create(undefined, {})).status === 201);
  for (const user of [identity, teamA, 'oncall@acme.example', 'system:admin']) {
    expect((await create(user, approved(bad))).status).toBe(403);
  }
  expect((await create(undefined, approved(bad))).status).toBe(422);
  expect((await create(undefined, sync(bad))).status).toBe(422);
});
