import { describe, expect, it } from 'vitest';
import { handlePush } from '#functions/push/handle-push.ts';
import { type SweepDeps, handleSweep } from '#functions/sweep/handle-sweep.ts';
import type { TaskDeps } from '#functions/cluster/handle-task.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { readNotification } from '#shared/registry/notifications/notification.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { createPushWorld, messageOf } from '#test/fixtures/push-world.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE, buildRSync, liveStatus } from '#test/fixtures/rsync.ts';

const MINUTE = 60_000;
const NAMES = ['canary-1', 'early-1', 'early-2', 'rest-1', 'rest-2', 'rest-3'];
const [REPOSITORY = ''] = IMAGE.split(':');
const STAGES = strategy({
  stages: [
    stage('canary', { soakMs: 10 * MINUTE }),
    stage('early'),
    stage('rest', { selects: () => true }),
  ],
});

/** Push, cluster and sweep over one fleet that runs A, with a Config Sync that pulls what is approved. */
function createWorld(effect: ImageRule['effect']) {
  const world = createPushWorld({
    clusters: Object.fromEntries(NAMES.map((name) => [name, [buildRSync({ uid: `uid-${name}` })]])),
    labels: Object.fromEntries(NAMES.map((name) => [name, { ring: name.split('-')[0] ?? '' }])),
    rule: { effect, rollout: 'fleet' },
  });
  world.tags.set(IMAGE, A);
  for (const digest of [A, B, C]) world.verdicts.set(digest, VERIFIED);
  const memory = createMemoryRecords();
  const records = memory.open();
  const staging = { strategies: { of: () => STAGES }, records };
  const task: TaskDeps = { ...world.deps, staging };
  const push = { ...world.push, staging };
  let sweeps = 0;
  const settings = {
    periodMs: 15 * MINUTE,
    callsPerMinute: 600,
    withdrawBrake: 0.05,
    pendingAfterMs: 60 * MINUTE,
  };
  const sweepDeps: SweepDeps = { ...push, settings, newId: () => `s${(sweeps += 1)}` };

  async function work(): Promise<void> {
    for (const one of world.tasks.splice(0)) await reconcileCluster(one, world.deps.now(), task);
  }

  /** Config Sync pulls what the spec names, where that is approved. */
  function pull(): void {
    for (const name of NAMES) {
      const { rsyncs } = world.clusters.cluster(name);
      for (const [key, rsync] of rsyncs) {
        const { source, annotations } = rsync;
        if (source.type !== 'oci') continue;
        const wanted = source.reference.digest ?? world.tags.get(IMAGE);
        if (wanted === undefined || !annotations.approved.keys.includes(wanted)) continue;
        rsyncs.set(key, {
          ...rsync,
          status: { ...liveStatus(wanted, source.image), observedGeneration: rsync.generation },
        });
      }
    }
  }

  return {
    ...world,
    memory,
    async record(): Promise<RolloutRecord | undefined> {
      return (await records.read(IMAGE)).record;
    },
    async pushed(digest: Digest, id: string): Promise<void> {
      world.tags.set(IMAGE, digest);
      const data = { action: 'INSERT', digest: `${REPOSITORY}@${digest}`, tag: IMAGE };
      await handlePush(readNotification(messageOf(world, data, id), parseNotification), push);
      world.pass(1_000);
      await work();
    },
    async round(): Promise<void> {
      world.pass(MINUTE - 2_000);
      pull();
      await handleSweep(sweepDeps);
      world.pass(1_000);
      await work();
      world.pass(1_000);
    },
    approved(): readonly string[] {
      return NAMES.map((name) => {
        const [rsync] = world.clusters.cluster(name).rsyncs.values();
        return rsync?.annotations.approved.keys[0] ?? '';
      });
    },
    live(): readonly string[] {
      return NAMES.map((name) => {
        const [rsync] = world.clusters.cluster(name).rsyncs.values();
        return `sha256:${rsync?.status.lastSyncedCommit ?? ''}`;
      });
    },
  };
}

describe.each(['pin', 'gate'] as const)('push, cluster and sweep together, under %s', (effect) => {
  it('take a fleet over, and a digest to it stage by stage', async () => {
    const world = createWorld(effect);
    for (let turn = 0; (await world.record())?.status !== 'completed'; turn += 1) {
      expect(turn).toBeLessThan(60);
      await world.round();
    }
    expect(world.live()).toEqual(NAMES.map(() => A));
    await world.pushed(B, 'm1');
    expect(world.approved()).toEqual([B, A, A, A, A, A]);
    const steps = new Set<string>();
    for (let turn = 0; (await world.record())?.status !== 'completed'; turn += 1) {
      expect(turn).toBeLessThan(60);
      await world.round();
      steps.add(
        world
          .approved()
          .map((digest) => (digest === B ? 'B' : 'A'))
          .join(''),
      );
    }
    expect([...steps]).toEqual(['BAAAAA', 'BBBAAA', 'BBBBBB']);
    expect(world.live()).toEqual(NAMES.map(() => B));
    expect(world.types().filter((type) => type === 'rollout.completed')).toHaveLength(2);
  });
});
