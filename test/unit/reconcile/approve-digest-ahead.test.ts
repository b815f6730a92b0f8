import { describe, expect, it } from 'vitest';
import { handleTask } from '#functions/cluster/handle-task.ts';
import type { Task } from '#shared/core/task.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE, buildRSync, helmSource, ociSource } from '#test/fixtures/rsync.ts';

const A = `sha256:${'a'.repeat(64)}` as const;
const D = `sha256:${'d'.repeat(64)}` as const;
const ROOT = 'RootSync/root-sync';

function worldWith(digest = VERIFIED): ReconcileWorld {
  const named = (name: string) => ({ kind: 'RootSync', namespace: 'x', name }) as const;
  const world = createReconcileWorld({
    clusters: {
      'cluster-1': [
        buildRSync(),
        buildRSync({
          uid: 'other-tag',
          ref: named('other-tag'),
          source: ociSource(IMAGE.replace(':v1', ':v2')),
        }),
        buildRSync({ uid: 'chart', ref: named('chart'), source: helmSource('1.0.0') }),
      ],
    },
  });
  world.tags.set(IMAGE, A);
  world.verdicts.set(A, VERIFIED);
  world.verdicts.set(D, digest);
  return world;
}

async function resync(world: ReconcileWorld, task: Partial<Task> = {}): Promise<void> {
  const whole = { cluster: 'cluster-1', reason: 'resync', image: IMAGE, digest: D } as const;
  await handleTask(messageOf(world, { ...whole, actor: 'ops@acme.example', ...task }), world.deps);
}

function approvedOn(world: ReconcileWorld, sync: string): string | undefined {
  return world.clusters.cluster('cluster-1').rsyncs.get(sync)?.annotations.approved.text;
}

describe('a resync task with a digest', () => {
  it('approves it behind the newest, where its very tag is followed', async () => {
    const world = worldWith();
    await resync(world);
    expect(approvedOn(world, ROOT)).toBe(`${A} ${D}`);
    expect(approvedOn(world, 'RootSync/other-tag')).toBeUndefined();
    const told = world.events.filter(({ type }) => type === 'sync.approved').at(-1);
    expect(told?.data).toMatchObject({ digest: D, actor: 'ops@acme.example', reason: 'resync' });
  });

  it('names every tag of the repository where the image has none', async () => {
    const world = worldWith();
    await resync(world, { image: IMAGE.replace(':v1', '') });
    expect(approvedOn(world, 'RootSync/other-tag')).toBe(D);
  });

  it('approves nothing that does not verify, whatever the caller', async () => {
    const world = worldWith(UNTRUSTED);
    await resync(world);
    expect(approvedOn(world, ROOT)).toBe(A);
  });

  it.each<[string, Partial<Task>]>([
    ['another reason', { reason: 'push' }],
    ['another repository', { image: 'us-docker.pkg.dev/acme/configs/other:v1' }],
    ['a cluster of no fleet', { cluster: 'cluster-9' }],
  ])('approves nothing for %s', async (_, task) => {
    const world = worldWith();
    await resync(world);
    const calls = world.clusters.cluster('cluster-1').calls.length;
    await resync(world, { ...task, digest: `sha256:${'e'.repeat(64)}` });
    expect(approvedOn(world, ROOT)).toBe(`${A} ${D}`);
    expect(calls).toBeGreaterThan(0);
  });

  it('reads again when another writer was faster', async () => {
    const world = worldWith();
    const cluster = world.clusters.cluster('cluster-1');
    await resync(world, { reason: 'push' });
    let raced = false;
    cluster.beforeWrite = (rsync) => {
      if (raced) return;
      raced = true;
      cluster.rsyncs.set(ROOT, { ...rsync, resourceVersion: '99' });
    };
    await resync(world);
    expect(approvedOn(world, ROOT)).toBe(`${A} ${D}`);
  });

  it('leaves the task with Pub/Sub while the cluster does not answer', async () => {
    const world = worldWith();
    world.clusters.cluster('cluster-1').down = 'cluster-unreachable';
    await expect(resync(world)).rejects.toMatchObject({ code: 'cluster-unreachable' });
  });
});
