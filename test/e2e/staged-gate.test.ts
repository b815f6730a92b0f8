import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type TaskDeps, handleTask } from '#functions/cluster/handle-task.ts';
import { rolloutsSchema } from '#shared/config/schema-rollouts.ts';
import { createStrategies } from '#shared/config/strategies.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { RULE, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { identity, root } from '#test/fixtures/gate/case.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { record } from '#test/fixtures/rollout.ts';
import { IMAGE, REPOSITORY, rootSync } from '#test/fixtures/rsync-manifests.ts';
import { connectCluster } from './tools/connect-cluster.ts';
import { collectionOf, pathOf, startSyncCluster, type SyncCluster } from './tools/sync-cluster.ts';
import { installGates } from './tools/variant-gates.ts';

const TENANT = 'tenant@acme.example';
const MERGE = 'application/merge-patch+json';
const REFUSED = 422;
const MINUTE_MS = 60_000;
const OTHER = `${REPOSITORY}:other`;
const STAGED: ImageRule = { ...RULE, effect: 'pin', rollout: 'fleet' };
const SYNC = rootSync({}, IMAGE);
const PATH = pathOf(SYNC);

const Live = z.object({
  metadata: z.object({
    generation: z.int(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({ oci: z.object({ image: z.string() }) }),
});

/** A cluster of the last stage, on a real kube-apiserver behind the gate, and the real worker in front of it. */
describe('a cluster of a later stage', () => {
  const world = createReconcileWorld({ clusters: {}, rule: STAGED });
  const records = createMemoryRecords().open();
  let cluster: SyncCluster;
  let deps: TaskDeps;

  beforeAll(async () => {
    cluster = await startSyncCluster({ everybodyMay: true });
    const variant = { gate: 'pin', without: [] } as const;
    await (await installGates(cluster, [variant])).guard(variant);
    const api = await connectCluster(await cluster.kubeconfig(identity));
    const member = { name: 'real', id: 'real', labels: { ring: 'rest' } };
    const stages = [{ name: 'canary', clusters: 'ring = canary' }, { name: 'rest' }];
    const rollouts = rolloutsSchema.parse({ strategies: { fleet: { stages } } });
    deps = {
      ...world.deps,
      fleet: {
        list: async () => ({ members: [member], unreachable: [] }),
        find: async () => member,
        connect: async () => api,
      },
      rsyncs: createRSyncs({ onUnreadable: () => {} }),
      staging: {
        strategies: createStrategies({ rollouts, images: [STAGED], access: {} }),
        records,
        freezes: createMemoryFreezes().open(),
      },
    };
    for (const digest of [A, B]) world.verdicts.set(digest, VERIFIED);
    const created = await cluster.send({
      method: 'POST',
      path: collectionOf(SYNC),
      user: TENANT,
      body: SYNC,
    });
    if (created.status !== 201) throw new Error(`Not created: ${created.status}`);
    await put({ digest: A, status: 'completed', stage: 'rest' });
    await look(A);
    await run(A);
    await put({ digest: B, previous: A, status: 'soaking', stage: 'canary' });
    world.tags.set(OTHER, B);
  });
  afterAll(() => cluster?.close());

  async function put(changes: Partial<RolloutRecord>): Promise<void> {
    const entry = await records.read(IMAGE);
    const version = (entry.record?.version ?? 0) + 1;
    await records.replace(record({ image: IMAGE, ...changes, version }), entry);
  }

  /** What a task of the sweep makes of it, with the tag at that digest. */
  async function look(tag: Digest, task: object = {}): Promise<readonly string[]> {
    world.tags.set(IMAGE, tag);
    world.pass(MINUTE_MS);
    await handleTask(messageOf(world, { cluster: 'real', reason: 'sweep', ...task }), deps);
    return approved();
  }

  async function read(): Promise<z.infer<typeof Live>> {
    return Live.parse((await cluster.send({ method: 'GET', path: PATH })).body);
  }

  async function approved(): Promise<readonly string[]> {
    const { metadata } = await read();
    return (metadata.annotations['countersign.dev/approved'] ?? '').split(' ');
  }

  async function patch(user: string, body: object): Promise<number> {
    return (await cluster.send({ method: 'PATCH', path: PATH, type: MERGE, user, body })).status;
  }

  const annotate = (user: string, annotations: object): Promise<number> =>
    patch(user, { metadata: { annotations } });
  const respec = (image: string): Promise<number> => patch(TENANT, { spec: { oci: { image } } });

  /** As Config Sync does before it syncs. */
  async function announce(digest: Digest): Promise<number> {
    const { spec } = await read();
    return annotate(root, { 'configsync.gke.io/image-to-sync': `${spec.oci.image}@${digest}` });
  }

  /** Config Sync announces it, is admitted, and reports it as live. */
  async function run(digest: Digest): Promise<void> {
    expect(await announce(digest)).toBe(200);
    const { metadata, spec } = await read();
    const commit = digest.slice('sha256:'.length);
    const at = '2026-11-22T05:00:00Z';
    const stage = {
      commit,
      ociStatus: { image: spec.oci.image, dir: '.' },
      errorSummary: {},
      lastUpdate: at,
    };
    const condition = { status: 'False', message: '', lastUpdateTime: at, lastTransitionTime: at };
    const status = {
      observedGeneration: metadata.generation,
      lastSyncedCommit: commit,
      source: stage,
      rendering: stage,
      sync: stage,
      conditions: [
        { ...condition, type: 'Reconciling', reason: 'None' },
        { ...condition, type: 'Stalled', reason: 'None' },
        { ...condition, type: 'Syncing', reason: 'Sync', commit, errorSummary: {} },
      ],
    };
    const path = `${PATH}/status`;
    const answer = await cluster.send({ method: 'PATCH', path, type: MERGE, body: { status } });
    expect(answer.status).toBe(200);
  }

  it.each([
    ['another tag of the same digest', OTHER],
    ['the digest in its spec', `${REPOSITORY}@${B}`],
    ['the digest beside the tag in its spec', `${IMAGE}@${B}`],
    ['the tag', IMAGE],
  ])('does not take the digest early by %s', async (_, image) => {
    expect(await respec(image)).toBe(200);
    expect(await look(B)).not.toContain(B);
    expect(await announce(B)).toBe(REFUSED);
  });

  it('does not take it by a task that asks for it ahead of its turn', async () => {
    const task = { reason: 'resync', image: IMAGE, digest: B, actor: TENANT };
    expect(await look(B, task)).not.toContain(B);
  });

  it.each([
    ['the approval', { 'countersign.dev/approved': `${B} ${A}` }],
    ['the receipt', { 'countersign.dev/receipt': '{"rollout":{"stage":"rest"}}' }],
  ])('does not take it by hand: a tenant cannot write %s', async (_, annotations) => {
    expect(await annotate(TENANT, annotations)).toBe(REFUSED);
    expect(await announce(B)).toBe(REFUSED);
  });

  it('takes it when its stage has come', async () => {
    expect(await respec(IMAGE)).toBe(200);
    await put({ digest: B, previous: A, status: 'completed', stage: 'rest' });
    expect((await look(B))[0]).toBe(B);
    await run(B);
  });

  it('goes back to the digest before it where that is decided', async () => {
    const back = { kind: 'rollback', digest: A, rejected: [B], stage: 'rest' } as const;
    await put({ ...back, status: 'rolling-back' });
    expect((await look(B))[0]).toBe(A);
    await run(A);
    await put({ ...back, status: 'rolled-back' });
    expect(await look(B)).not.toContain(B);
  });

  it.each([
    ['the tag that names it still', IMAGE],
    ['another tag', OTHER],
    ['the digest in its spec', `${REPOSITORY}@${B}`],
  ])('never takes what was rolled back again, by %s', async (_, image) => {
    expect(await respec(image)).toBe(200);
    expect(await look(B)).not.toContain(B);
    expect(await announce(B)).toBe(REFUSED);
    expect(await annotate(TENANT, { 'countersign.dev/approved': B })).toBe(REFUSED);
  });
});
