import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { hexOf, isDigest } from '#shared/core/digest.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { SYNC, TASK, rsyncOf, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import type { ReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE, liveStatus } from '#test/fixtures/rsync.ts';
import { syncError } from '#test/fixtures/approved-rsync.ts';

function report(world: ReconcileWorld, status: ReturnType<typeof liveStatus>): void {
  world.clusters.cluster('cluster-1').rsyncs.set(SYNC, { ...rsyncOf(world), status });
}

/** A look that has read the record, and lists only after `meanwhile`. */
async function lookAround(
  world: ReconcileWorld,
  meanwhile: () => Promise<void>,
  more: Partial<ReconcileDeps> = {},
): Promise<void> {
  const { rsyncs } = world.deps;
  const list: typeof rsyncs.list = async (api) => {
    await meanwhile();
    return rsyncs.list(api);
  };
  const deps = { ...world.deps, ...more, rsyncs: { ...rsyncs, list } };
  await reconcileCluster(TASK, world.deps.now(), deps);
}

function idsOf(world: ReconcileWorld, type: string): readonly string[] {
  return world.events.filter((event) => event.type === type).map(eventIdOf);
}

async function later(world: ReconcileWorld): Promise<void> {
  world.pass(1_000);
  await run(world);
}

describe('two looks at one RSync at once', () => {
  it('publish an approval and its first time live under one id each', async () => {
    const world = verifiedWorld();
    world.verdicts.set(A, UNSIGNED);
    await run(world);
    world.verdicts.set(A, VERIFIED);
    const around = lookAround(world, async () => {
      await later(world);
      report(world, liveStatus(A));
    });
    await expect(around).rejects.toMatchObject({ code: 'cluster-conflict' });
    await later(world);
    for (const type of ['sync.approved', 'sync.synced']) {
      const ids = idsOf(world, type);
      expect([type, ids.length]).toEqual([type, 2]);
      expect(new Set(ids).size).toBe(1);
    }
  });

  it('publish the end of a failure under one id', async () => {
    const world = verifiedWorld();
    await run(world);
    report(world, syncError);
    await later(world);
    expect(world.types().at(-1)).toBe('sync.failed');
    world.tags.set(IMAGE, B);
    const around = lookAround(world, async () => {
      await later(world);
      report(world, liveStatus(B));
    });
    await expect(around).rejects.toMatchObject({ code: 'cluster-conflict' });
    await later(world);
    expect(idsOf(world, 'sync.recovered')).toHaveLength(2);
    expect(new Set(idsOf(world, 'sync.recovered')).size).toBe(1);
  });
});

describe('what is live', () => {
  it('is published once, though Config Sync applies it once more', async () => {
    const world = verifiedWorld();
    await run(world);
    report(world, liveStatus(A));
    await later(world);
    const { syncing, ...status } = liveStatus(A);
    report(world, { ...status, ...(syncing && { syncing: { ...syncing, status: 'True' } }) });
    await later(world);
    report(world, liveStatus(A));
    await later(world);
    expect(idsOf(world, 'sync.synced')).toHaveLength(1);
  });

  it('has another id after a failure', async () => {
    const world = verifiedWorld();
    await run(world);
    const failing = { ...syncError, lastSyncedCommit: hexOf(A) };
    for (const status of [liveStatus(A), failing, liveStatus(A)]) {
      report(world, status);
      await later(world);
    }
    expect(new Set(idsOf(world, 'sync.synced')).size).toBe(2);
  });

  it('has another id after another digest was waited for', async () => {
    const world = verifiedWorld();
    await run(world);
    report(world, liveStatus(A));
    await later(world);
    world.verdicts.set(B, UNSIGNED);
    for (const digest of [B, A]) {
      world.tags.set(IMAGE, digest);
      await later(world);
    }
    expect(new Set(idsOf(world, 'sync.synced')).size).toBe(2);
  });

  it('has the id that it had before the record was lost', async () => {
    const world = verifiedWorld();
    await run(world);
    report(world, liveStatus(A));
    await later(world);
    await world.deps.store.deleteCluster('cluster-1');
    await later(world);
    for (const type of ['sync.approved', 'sync.synced']) {
      expect(idsOf(world, type)).toHaveLength(2);
      expect(new Set(idsOf(world, type)).size).toBe(1);
    }
  });
});

/** What happens beside a look, or to it. */
const step = fc.record({
  push: fc.option(fc.constantFrom(A, B, C)),
  live: fc.boolean(),
  beside: fc.boolean(),
  /** The look's record is not written, though what it found is published; or it is, and that is not known. */
  write: fc.constantFrom('ok', 'lost', 'unknown'),
  answer: fc.boolean(),
});

describe('whatever goes wrong between looks', () => {
  it('gives each approval and its first time live one id', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const world = verifiedWorld();
        const broken = new CountersignError('store-unavailable', 'Down');
        for (const { push, live, beside, write, answer } of steps) {
          if (push !== null) world.tags.set(IMAGE, push);
          world.pass(1_000);
          const { store, publish } = world.deps;
          await lookAround(
            world,
            async () => {
              if (beside) await later(world);
              const [newest] = rsyncOf(world).annotations.approved.keys;
              if (live && newest !== undefined && isDigest(newest))
                report(world, liveStatus(newest));
            },
            {
              store: {
                ...store,
                writeCluster: async (...args) => {
                  const done = write === 'lost' || (await store.writeCluster(...args));
                  if (write !== 'ok') throw broken;
                  return done;
                },
              },
              publish: async (event) => {
                await publish(event);
                if (!answer && event.type === 'sync.synced') throw broken;
              },
            },
          ).catch(() => undefined);
        }
        await later(world);
        const ids = new Map<string, Set<string>>();
        for (const event of world.events) {
          if (event.type !== 'sync.approved' && event.type !== 'sync.synced') continue;
          const { approvedAt, data } = event;
          const name = `${event.type} ${data.digest} ${approvedAt}`;
          ids.set(name, (ids.get(name) ?? new Set()).add(eventIdOf(event)));
        }
        expect([...ids.values()].filter(({ size }) => size > 1)).toEqual([]);
        expect([...ids.keys()].filter((name) => name.endsWith('undefined'))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
