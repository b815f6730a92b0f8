import { describe, expect, it } from 'vitest';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Staged } from '#shared/store/store.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { TASK, rsyncOf, run } from '#test/fixtures/reconcile-run.ts';
import { HOUR, hours, stage } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import {
  type StagedOptions,
  type StagedWorld,
  annotate,
  approvedIn,
  report,
  settledWorld,
} from '#test/fixtures/staged-world.ts';

const TILL_SEVEN = {
  stages: [stage('rest', { selects: () => true, windows: [hours(5, 7)] })],
} as const;

function hold(world: StagedWorld, text: string): void {
  annotate(world, { hold: text });
}

type Row = [Staged['why'], Partial<RolloutRecord>, ((world: StagedWorld) => void)?, StagedOptions?];

const WAITS: readonly Row[] = [
  ['stage', {}],
  ['queue', { stage: 'rest', cursor: { cluster: 'a' } }],
  ['paused', { status: 'paused', cause: 'person', stage: 'rest' }],
  ['paused', { status: 'paused', cause: 'record-lost' }],
  ['halted', { status: 'halted', stage: 'rest', cursor: { cluster: 'z' } }],
  ['aborted', { status: 'aborted' }],
  ['rejected', { rejected: [B] }],
  ['record', { status: 'retired' }],
  ['record', {}, ({ records }) => records.texts.clear()],
  ['record', {}, ({ records }) => records.texts.set(IMAGE, '{')],
  ['record', {}, ({ records }) => [records.texts.clear(), records.images.clear()]],
  [
    'held',
    { status: 'completed' },
    (world) => hold(world, '2020-01-01T00:00:00Z ops@a.example over'),
  ],
  ['held', { status: 'completed' }, (world) => hold(world, '\u202e<script>')],
  ['window', { status: 'completed' }, (world) => world.pass(2 * HOUR), { strategy: TILL_SEVEN }],
  ['rollback', { kind: 'rollback', digest: B, rejected: [C], status: 'rolling-back' }],
];

describe('an RSync that is not let in', () => {
  it.each(WAITS)('waits (%s): %j', async (why, changes, prepare, options) => {
    for (const effect of ['gate', 'pin'] as const) {
      const world = await settledWorld({ effect, ...options });
      const before = rsyncOf(world);
      world.put(changes);
      prepare?.(world);
      for (const reason of ['push', 'signature', 'sweep', 'resync', 'push'] as const) {
        await run(world, { ...TASK, reason, image: IMAGE, digest: B });
        world.pass(60_000);
      }
      expect(world.patches()).toBe(0);
      expect(rsyncOf(world).source).toBe(before.source);
      expect(approvedIn(world)).toBe(A);
      expect(world.types().filter((type) => type.startsWith('sync.'))).toEqual([]);
      const row = await world.row();
      expect(row).toMatchObject({
        image: IMAGE,
        target: B,
        verdict: 'verified',
        record: { phase: 'Waiting' },
        staged: { image: IMAGE, stage: 'rest', why, target: B },
      });
      expect(row.unsettled).toBeUndefined();
    }
  });

  it('is let in with the next look', async () => {
    const world = await settledWorld({ effect: 'pin' });
    world.put();
    await run(world);
    world.put({ stage: 'rest', cursor: { cluster: 'cluster-1' } });
    world.pass(60_000);
    await run(world, { ...TASK, reason: 'sweep' });
    const { annotations, source } = rsyncOf(world);
    expect(source).toMatchObject({ image: `${IMAGE}@${B}` });
    expect(annotations.approved.keys).toEqual([B, A]);
    const rollout = {
      id: 'r1',
      stage: 'rest',
      kind: 'forward',
      digest: B,
      previous: A,
      rejected: [],
      startedAt: '2026-11-22T05:30:01.000Z',
      resolvedAt: '2026-11-22T05:30:00.000Z',
    };
    const receipt = parseReceipt(annotations.receipt.text);
    expect(receipt).toMatchObject({
      image: IMAGE,
      digest: B,
      resolvedAt: '2026-11-22T06:03:00Z',
      pin: 'written',
      rollout,
    });
    expect(receipt).not.toHaveProperty('was');
    expect(world.types()).toEqual(['image.verified', 'sync.approved']);
    expect((await world.row()).staged).toEqual({
      image: IMAGE,
      digest: B,
      target: B,
      stage: 'rest',
      approvedAt: expect.any(String),
      receipt: rollout,
    });
    report(world, B);
    world.pass(60_000);
    await run(world);
    expect(world.types().slice(2)).toEqual(['sync.synced']);
    expect(world.patches()).toBe(1);
  });
});

describe('an RSync that has the digest', () => {
  it.each(['paused', 'halted', 'aborted'] as const)('keeps it: %s', async (status) => {
    const world = await settledWorld();
    world.put({ stage: 'rest', cursor: { cluster: 'z' } });
    await run(world);
    world.put({ status });
    hold(world, '- ops@acme.example INC-7');
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    expect((await world.row()).staged).toMatchObject({
      digest: B,
      hold: '- ops@acme.example INC-7',
    });
    expect((await world.row()).staged).not.toHaveProperty('why');
  });
});

describe('what tenants write', () => {
  it('makes no record that cannot be kept', async () => {
    const world = await settledWorld({ effect: 'pin' });
    world.put();
    const receipt: object = JSON.parse(rsyncOf(world).annotations.receipt.text ?? '');
    const rollout = {
      id: '<script>',
      stage: '\u0000',
      kind: 'forward',
      digest: '__proto__',
      rejected: ['constructor', '\u202e', 'x'.repeat(1_000)],
      indexes: { ['__proto__']: A, constructor: B },
      startedAt: '9999-12-31T23:59:59.999999999Z',
      resolvedAt: '0001-01-01T00:00:00Z',
    };
    for (const forged of [
      { ...receipt, rollout, approvedAt: '2026-11-22T05:00:01.123456789Z', was: 'failed' },
      { ...receipt, rollout: { ...rollout, startedAt: '2026-02-30T00:00:00Z' } },
      { ...receipt, rollout: 'B'.repeat(15_000) },
    ]) {
      annotate(world, { receipt: JSON.stringify(forged), hold: '\ud800'.repeat(9_000) });
      world.pass(60_000);
      expect(await run(world)).toMatchObject({ status: 'reconciled', unsettled: 0, patched: 0 });
      expect((await world.row()).staged).toMatchObject({ why: 'held' });
    }
  });

  it('is said of a spec that cannot be pinned', async () => {
    const world = await settledWorld({ effect: 'pin' });
    world.put();
    report(world, A, { declared: true });
    await run(world);
    expect((await world.row()).staged).toMatchObject({ unpinned: 'declared-by-parent' });
  });
});

describe('an image without a strategy', () => {
  it('asks no record, and has nothing of this', async () => {
    const world = await settledWorld({ rule: { rollout: 'none' } });
    world.records.fail();
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    expect(rsyncOf(world).annotations.receipt.text).not.toContain('rollout');
    expect(await world.row()).not.toHaveProperty('staged');
  });
});

describe('records that cannot be read', () => {
  it('leave the RSync unsettled, and approve nothing', async () => {
    const world = await settledWorld();
    world.put({ status: 'completed' });
    world.records.fail();
    expect(await run(world)).toMatchObject({ status: 'reconciled', unsettled: 1, patched: 0 });
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).unsettled?.code).toBe('records-unavailable');
    expect(world.types()).toEqual([]);
  });
});
