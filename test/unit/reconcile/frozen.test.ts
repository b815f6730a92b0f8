import { describe, expect, it } from 'vitest';
import { approveDigestAhead } from '#shared/reconcile/approve-digest-ahead.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { TASK, rsyncOf, run } from '#test/fixtures/reconcile-run.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import {
  type StagedOptions,
  type StagedWorld,
  annotate,
  approvedIn,
  report,
  settledWorld,
} from '#test/fixtures/staged-world.ts';

const REPOSITORY = IMAGE.split(':')[0] ?? '';
/** The image goes everywhere at once. */
const AT_ONCE: StagedOptions = { rule: { rollout: 'none' } };
const AHEAD = { ...TASK, reason: 'resync', image: IMAGE, digest: C } as const;

async function runAll(world: StagedWorld): Promise<void> {
  for (const reason of ['push', 'signature', 'sweep', 'resync'] as const) {
    await run(world, { ...TASK, reason, image: IMAGE, digest: B });
    world.pass(60_000);
  }
}

describe.each([
  ['at once', AT_ONCE],
  ['in stages', {}],
] as const)('an image that is frozen, and goes %s', (_, options) => {
  async function start(effect: 'gate' | 'pin' = 'gate'): Promise<StagedWorld> {
    const world = await settledWorld({ effect, ...options });
    world.put({ status: 'completed' });
    return world;
  }

  it.each([
    ['everything', {}],
    ['its repository', { image: REPOSITORY }],
    ['its tag', { image: IMAGE }],
    ['its ring', { clusters: 'ring = rest' }],
  ])('waits where %s is', async (__, changes) => {
    for (const effect of ['gate', 'pin'] as const) {
      const world = await start(effect);
      const before = rsyncOf(world).source;
      world.freeze(frozen({ image: 'r.example/other', id: 'f-0' }), frozen(changes));
      await runAll(world);
      expect(world.patches()).toBe(0);
      expect(rsyncOf(world).source).toBe(before);
      expect(approvedIn(world)).toBe(A);
      expect(world.types().filter((type) => type.startsWith('sync.'))).toEqual([]);
      const row = await world.row();
      expect(row).toMatchObject({ record: { phase: 'Waiting', digest: B }, live: A });
      expect(row.message).toBe('Frozen by ops@acme.example until a person lifts f-1: INC-7');
      expect(row.frozen ?? row.staged?.why).toBe(row.staged === undefined ? true : 'freeze');
      expect(row.unsettled).toBeUndefined();
    }
  });

  it.each([
    ['another repository', { image: `${REPOSITORY}-next` }],
    ['another tag', { image: `${REPOSITORY}:v9` }],
    ['another ring', { clusters: 'ring = canary' }],
    ['it until a minute ago', { until: '2020-01-01T00:00:00.000Z' }],
  ])('is approved where %s is', async (__, changes) => {
    const world = await start();
    world.freeze(frozen(changes));
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
  });

  it('is approved by the first look after it is lifted', async () => {
    const world = await start();
    world.freeze(frozen());
    await runAll(world);
    world.freeze();
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    expect(world.types()).toContain('sync.approved');
  });

  it('is not approved ahead of its tag', async () => {
    const world = await start();
    world.put({ status: 'completed', digest: C });
    world.freeze(frozen({ image: IMAGE }));
    expect(await approveDigestAhead(AHEAD, world.deps)).toBe(0);
    expect(approvedIn(world)).toBe(A);
    world.freeze();
    expect(await approveDigestAhead(AHEAD, world.deps)).toBe(1);
  });

  it('is not approved where it runs already, past the gate', async () => {
    const world = await start();
    world.tags.set(IMAGE, A);
    world.put({ status: 'completed', digest: A });
    report(world, C);
    world.freeze(frozen());
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).record).toMatchObject({ phase: 'Unguarded', digest: C });
  });

  it.each([
    ['lost', (world: StagedWorld) => world.freezes.set(undefined)],
    ['no list', (world: StagedWorld) => world.freezes.set('{}')],
  ])('waits where freezes are %s', async (__, lose) => {
    const world = await start();
    world.freeze();
    lose(world);
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).message).toContain('freeze anew');
  });

  it('fails where they cannot be read, and approves nothing', async () => {
    const world = await start();
    world.freezes.fail();
    await run(world);
    expect((await world.row()).unsettled?.code).toBe('records-unavailable');
    expect(approvedIn(world)).toBe(A);
    world.freezes.fail(false);
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
  });

  it('is read again where another writer was faster', async () => {
    const world = await start();
    world.freeze();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.beforeWrite = () => {
      delete cluster.beforeWrite;
      world.freeze(frozen());
      annotate(world, { hold: undefined });
    };
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).record.phase).toBe('Waiting');
  });
});
