import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type TaskDeps, handleTask } from '#functions/cluster/handle-task.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import { type Desk, openDesk } from '#test/docs/desk.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { createMemoryOrders } from '#test/fakes/memory-orders.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { type ApiWorld, createApiWorld } from '#test/fixtures/api-world.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { identity } from '#test/fixtures/gate/case.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { IMAGE, rootSync } from '#test/fixtures/rsync-manifests.ts';
import { connectCluster } from './tools/connect-cluster.ts';
import { startSyncCluster, type SyncCluster, until } from './tools/sync-cluster.ts';
import { pathOf } from './tools/sync-cluster.ts';
import { installGates, type VariantGates } from './tools/variant-gates.ts';

const API_IDENTITY = 'countersign-api@acme.iam.gserviceaccount.com';
const TENANT = 'tenant@acme.example';
const KEY = 'countersign.dev/hold';
const MERGE = 'application/merge-patch+json';
const REFUSED = 422;
const SYNC = rootSync({}, IMAGE);
const PATH = pathOf(SYNC);
const ONE = `/v1/holds/real/${encodeURIComponent('RootSync/root-sync')}`;
const TEXT = '- ops@acme.example INC-7';

const Live = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

/** As infra/terraform/rbac.tf has them. */
const ROLES = [
  ['countersign', identity, ['get', 'list', 'patch']],
  ['countersign-live-api', API_IDENTITY, ['get', 'list']],
  ['owner', TENANT, ['get', 'list', 'patch']],
] as const;

/** The API and the worker, each as its own identity, in front of a real kube-apiserver behind the gate. */
describe('holds', () => {
  let person = { name: 'ops@acme.example', mayInvoke: true };
  let cluster: SyncCluster;
  let gates: VariantGates;
  let desk: Desk;
  let world: ApiWorld;
  let worker: TaskDeps;

  beforeAll(async () => {
    cluster = await startSyncCluster();
    for (const [name, user, verbs] of ROLES) await grant(name, user, verbs);
    gates = await installGates(cluster, [
      { gate: 'pin', without: [] },
      { gate: 'open', without: [] },
    ]);
    desk = await openDesk();
    const rsyncs = createRSyncs({ onUnreadable: () => {} });
    const staging: Staging = {
      strategies: { of: () => undefined },
      records: createMemoryRecords().open(),
      freezes: createMemoryFreezes().open(),
      orders: createMemoryOrders().open(),
    };
    world = createApiWorld(
      { clusters: {} },
      {
        fleet: await fleetAs(API_IDENTITY),
        rsyncs,
        staging,
        checkPerson: async () => ({ mayOverride: false, ...person }),
      },
    );
    worker = { ...world.deps, fleet: await fleetAs(identity), rsyncs, staging };
    for (const digest of [A, B]) world.verdicts.set(digest, VERIFIED);
    await cluster.apply(SYNC);
    await gates.guard({ gate: 'pin', without: [] });
    await look();
    world.tags.set(IMAGE, B);
  });
  afterAll(async () => {
    await cluster?.close();
    await desk?.clear();
  });

  async function grant(name: string, user: string, verbs: readonly string[]): Promise<void> {
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const resources = ['rootsyncs', 'reposyncs'];
    const rules = [{ apiGroups: ['configsync.gke.io'], resources, verbs }];
    await cluster.apply({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
    await cluster.apply({
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    });
  }

  async function fleetAs(user: string): Promise<Fleet> {
    const api = await connectCluster(await cluster.kubeconfig(user));
    const member = { name: 'real', id: 'real', labels: {} };
    // RBAC is in force a moment after it was applied.
    await until(async () => {
      const list = await Promise.allSettled([api.list('RootSync', { limit: 1 })]);
      return list[0]?.status === 'fulfilled';
    });
    return {
      list: async () => ({ members: [member], unreachable: [] }),
      find: async (name) => (name === 'real' ? member : undefined),
      connect: async () => api,
    };
  }

  async function look(task: object = { reason: 'sweep' }): Promise<void> {
    world.pass(60_000);
    await handleTask(messageOf(world, { cluster: 'real', reason: 'sweep', ...task }), worker);
  }

  /** What the API has tasked, by the worker. */
  async function work(): Promise<void> {
    for (const task of world.tasks.splice(0)) await look(task);
  }

  async function annotations(): Promise<Readonly<Record<string, string>>> {
    return Live.parse((await cluster.send({ method: 'GET', path: PATH })).body).metadata
      .annotations;
  }

  async function approved(): Promise<string | undefined> {
    return (await annotations())['countersign.dev/approved'];
  }

  async function patch(user: string, body: object): Promise<number> {
    return (await cluster.send({ method: 'PATCH', path: PATH, type: MERGE, user, body })).status;
  }

  const annotate = (user: string, changes: object): Promise<number> =>
    patch(user, { metadata: { annotations: changes } });

  const send = (method: 'PUT' | 'DELETE', path: string, body?: object): Promise<Response> =>
    world.request(path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('is set by the API, written by the worker, and holds against every task', async () => {
    expect((await send('PUT', ONE, { reason: 'INC-7' })).status).toBe(200);
    expect((await annotations())[KEY]).toBeUndefined();
    await work();
    expect((await annotations())[KEY]).toBe(TEXT);
    for (const reason of ['push', 'signature', 'sweep', 'resync']) {
      await look({ reason, image: IMAGE, digest: B, actor: TENANT });
    }
    expect(await approved()).toBe(A);
    expect((await annotations())[KEY]).toBe(TEXT);
  });

  it('is lifted by no person without the role, by no tenant and by no task', async () => {
    person = { name: 'dev@acme.example', mayInvoke: false };
    expect((await send('DELETE', `${ONE}?reason=x`)).status).toBe(403);
    expect((await send('PUT', ONE, { reason: 'x' })).status).toBe(403);
    person = { name: 'ops@acme.example', mayInvoke: true };
    expect(await annotate(TENANT, { [KEY]: null })).toBe(REFUSED);
    expect(await annotate(TENANT, { [KEY]: '- me mine' })).toBe(REFUSED);
    await look({ reason: 'resync', actor: person.name, id: 'forged' });
    expect((await annotations())[KEY]).toBe(TEXT);
    expect(world.types().filter((type) => type === 'rollout.unheld')).toEqual([]);
  });

  it.each([
    ['the hold', { metadata: { annotations: { [KEY]: null } } }],
    ['an approval', { metadata: { annotations: { 'countersign.dev/approved': B } } }],
    ['any other key', { metadata: { annotations: { 'example.com/other': 'x' } } }],
    ['the spec', { spec: { oci: { image: 'evil.example/configs:v1' } } }],
  ])('the identity of the API changes nothing: not %s', async (_, body) => {
    expect(await patch(API_IDENTITY, body)).toBe(403);
  });

  it('is lifted by the API, and what waited is approved', async () => {
    expect((await send('DELETE', `${ONE}?reason=over`)).status).toBe(200);
    expect((await annotations())[KEY]).toBe(TEXT);
    await work();
    expect((await annotations())[KEY]).toBeUndefined();
    expect((await approved())?.split(' ')[0]).toBe(B);
  });

  it('is not too long, by the API or by hand', async () => {
    const reason = 'x'.repeat(500);
    expect((await send('PUT', ONE, { reason })).status).toBe(400);
    await gates.guard({ gate: 'open', without: [] });
    expect(await annotate(TENANT, { [KEY]: `- ${TENANT} ${reason}` })).toBe(REFUSED);
  });

  it('is set and lifted by hand where the config allows it, as docs/rollouts.md says', async () => {
    const env = { KUBECONFIG: await cluster.kubeconfig(TENANT) };
    const run = (id: string) => desk.run(id, { env });
    expect(await run('rollouts-hold-by-hand')).toMatchObject({ code: 0 });
    expect((await annotations())[KEY]).toMatch(/ ops@acme\.example INC-7$/);
    world.tags.set(IMAGE, A);
    await look({ reason: 'push' });
    expect((await approved())?.split(' ')[0]).toBe(B);
    const listed = z.object({ holds: z.array(z.object({ state: z.string() })) });
    const { holds } = listed.parse(await (await world.get('/v1/holds')).json());
    expect(holds).toEqual([expect.objectContaining({ state: 'on' })]);
    expect(await run('rollouts-unhold-by-hand')).toMatchObject({ code: 0 });
    await look({ reason: 'push' });
    expect((await approved())?.split(' ')[0]).toBe(A);
  });

  it('is refused by hand where the config keeps it for Countersign', async () => {
    await gates.guard({ gate: 'pin', without: [] });
    const env = { KUBECONFIG: await cluster.kubeconfig(TENANT) };
    const refused = await desk.run('rollouts-hold-by-hand', { env });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('gate.mayHold');
    expect((await annotations())[KEY]).toBeUndefined();
  });
});
