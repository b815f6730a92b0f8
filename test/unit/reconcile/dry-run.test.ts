import { describe, expect, it } from 'vitest';
import type { RSyncPatch } from '#shared/core/approve.ts';
import { lookAtCluster } from '#shared/reconcile/look-at-cluster.ts';
import { UNFOLLOWED, WITHDRAWAL_NOTE } from '#shared/reconcile/may-withdraw.ts';
import { approvedRSync, idle } from '#test/fixtures/approved-rsync.ts';
import { OTHER_POLICY, UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { TASK, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE, annotationsOf, buildRSync, liveStatus, ociSource } from '#test/fixtures/rsync.ts';

import { type StagedWorld, settledWorld } from '#test/fixtures/staged-world.ts';

const ELSEWHERE = 'us-docker.pkg.dev/other/configs/platform:v1';

/** What the dry run would write, and then what the run writes. */
async function both(world: ReconcileWorld): Promise<readonly (RSyncPatch | undefined)[]> {
  const { member } = world.clusters.cluster('cluster-1');
  const { store, rsyncs } = world.deps;
  const known = (await store.readCluster('cluster-1'))?.syncs ?? [];
  const [look] = await lookAtCluster(member, { known }, world.deps);
  let written: RSyncPatch | undefined;
  const write: typeof rsyncs.write = async (api, rsync, patch) => {
    written = patch;
    await rsyncs.write(api, rsync, patch);
  };
  const deps = { ...world.deps, rsyncs: { ...rsyncs, write } };
  await run({ ...world, deps }, { ...TASK, reason: 'resync' });
  return [look?.decision?.patch, written];
}

async function allow(world: ReconcileWorld, key: string): Promise<void> {
  const allowed = { [key]: world.deps.now().toISOString() };
  await world.deps.store.writeNote('withdrawal', WITHDRAWAL_NOTE, { allowed });
}

/** One cluster whose RSync has an approval of another policy, under which its digest does not verify any more. */
function changedPolicy(): ReconcileWorld {
  const clusters = { 'cluster-1': [approvedRSync(liveStatus(A))] };
  const world = createReconcileWorld({ clusters, policyHash: OTHER_POLICY });
  world.tags.set(IMAGE, A);
  world.verdicts.set(B, VERIFIED);
  return world;
}

function unsigned(): ReconcileWorld {
  const world = verifiedWorld();
  world.verdicts.set(A, UNSIGNED);
  return world;
}

const OPEN = { stage: 'rest', cursor: { cluster: 'z' } } as const;

/** After A, which is live, the tag names B; what the record has is that. */
async function staged(
  changes: Parameters<StagedWorld['put']>[0],
  effect: 'gate' | 'pin' = 'pin',
): Promise<ReconcileWorld> {
  const world = await settledWorld({ effect });
  world.put(changes);
  return world;
}

const STAGED_WORLDS: readonly [string, boolean, () => Promise<ReconcileWorld>][] = [
  ['waits for its stage', false, () => staged({})],
  ['waits for a person', false, () => staged({ ...OPEN, status: 'paused' }, 'gate')],
  ['pins what a record lets in', true, () => staged(OPEN)],
  ['approves what a record lets in', true, () => staged(OPEN, 'gate')],
  ['approves what the tag does not name', true, () => staged({ ...OPEN, digest: C })],
  [
    'takes out what was rolled back',
    true,
    async () => {
      const world = await settledWorld();
      world.put(OPEN);
      await run(world);
      world.put({ kind: 'rollback', digest: A, rejected: [B], status: 'rolled-back' });
      world.pass(60_000);
      return world;
    },
  ],
];

const WORLDS: readonly [string, boolean, () => ReconcileWorld | Promise<ReconcileWorld>][] = [
  ['approves a digest', true, () => verifiedWorld()],
  ['approves none that is unsigned', false, unsigned],
  ['has nothing to do', false, () => verifiedWorld(approvedRSync(liveStatus(A), 0))],
  ['withdraws nothing without permission', false, changedPolicy],
  [
    'withdraws what a sweep allowed',
    true,
    async () => {
      const world = changedPolicy();
      await allow(world, OTHER_POLICY);
      return world;
    },
  ],
  [
    'withdraws what no entry of the config follows any more',
    true,
    async () => {
      const world = verifiedWorld(approvedRSync(idle, 0, { source: ociSource(ELSEWHERE) }));
      await allow(world, UNFOLLOWED);
      return world;
    },
  ],
  [
    'takes out a key that was not there at the last look',
    true,
    async () => {
      const world = verifiedWorld();
      await run(world);
      world.pass(60_000);
      const { rsyncs } = world.clusters.cluster('cluster-1');
      const [[name, rsync] = ['', buildRSync()]] = rsyncs;
      const receipt = (rsync.annotations.receipt.text ?? '').replace(
        '"reason"',
        `"also":["${C}"],"reason"`,
      );
      rsyncs.set(name, {
        ...rsync,
        annotations: annotationsOf({ approved: `${A} ${C}`, receipt }),
      });
      world.verdicts.set(C, UNSIGNED);
      return world;
    },
  ],
  ...STAGED_WORLDS,
];

describe('the dry run', () => {
  it.each(WORLDS)('writes what the run writes, which %s', async (_, writes, make) => {
    const [dry, wet] = await both(await make());
    expect(dry).toEqual(wet);
    expect(wet !== undefined).toBe(writes);
  });
});
