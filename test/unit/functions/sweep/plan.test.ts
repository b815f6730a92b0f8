import { describe, expect, it } from 'vitest';
import { type PlanInput, UNREAD_MS, planSweep } from '#functions/sweep/plan.ts';
import type { Phase } from '#shared/core/phase.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const MINUTE = 60_000;
const PERIOD = 15 * MINUTE;

function at(ago: number): string {
  return new Date(NOW.getTime() - ago).toISOString();
}

function row(phase: Phase): SyncRow {
  return {
    sync: 'RootSync/root-sync',
    uid: 'u1',
    approved: [],
    record: { phase, since: at(0) },
    message: '',
    errors: [],
    nomos: 'SYNCED',
  };
}

/** One that could not be looked at, and is tried again `ago` milliseconds before now. */
function unsettled(phase: Phase, ago: number): SyncRow {
  const retry = { since: at(0), attempts: 2, code: 'registry-unavailable', dueAt: at(ago) };
  return { ...row(phase), unsettled: retry };
}

/** Of a cluster that was completely reconciled `ago` milliseconds before now. */
function record(
  ago = 0,
  overrides: Partial<ClusterRecord> = {},
  phase: Phase = 'Synced',
): ClusterRecord {
  return {
    cluster: 'c1',
    phase: 'Reachable',
    since: at(ago),
    reconciledAt: at(ago),
    lookedAt: at(ago),
    follows: [],
    syncs: [row(phase)],
    ...overrides,
  };
}

function input(
  records: Readonly<Record<string, ClusterRecord | undefined>>,
  overrides: Partial<PlanInput> = {},
): PlanInput {
  const entries = Object.entries(records);
  return {
    members: entries.map(([name]) => ({ name, id: name, labels: {} })),
    records: new Map(entries.flatMap(([name, of]) => (of ? [[name, of] as const] : []))),
    last: undefined,
    now: NOW,
    periodMs: PERIOD,
    callsPerMinute: 600,
    isOutdated: () => false,
    ...overrides,
  };
}

/** `count` clusters, `c0000` and on, all seen `ago` milliseconds before now. */
function fleet(count: number, ago: number): Record<string, ClusterRecord> {
  const names = Array.from({ length: count }, (_, index) => `c${String(index).padStart(4, '0')}`);
  return Object.fromEntries(names.map((name) => [name, record(ago, { cluster: name })]));
}

describe('a cluster that is called by its DNS endpoint', () => {
  const isDirect = (name: string): boolean => name >= 'c0090';

  function plan(count: number): ReturnType<typeof planSweep> {
    const records = fleet(count, 2 * PERIOD);
    const members = Object.keys(records).map((name) => ({
      name,
      id: name,
      labels: {},
      ...(isDirect(name) ? { direct: true as const } : {}),
    }));
    return planSweep(input(records, { members, callsPerMinute: 20 }));
  }

  it("is not paid for with the gateway's calls, and takes none from the others", () => {
    const { due, postponed, periodMs } = plan(100);
    expect(due.filter((name) => !isDirect(name))).toHaveLength(10);
    expect(due.filter(isDirect)).toHaveLength(10);
    expect(postponed).toBe(80);
    expect(periodMs).toBe(PERIOD);
  });

  it('does not stretch the period: only what the gateway reaches does', () => {
    expect(plan(1_090).periodMs).toBe(PERIOD);
  });
});

describe('a cluster that may have a new follower', () => {
  it('is tasked before its turn, and paid for as any other', () => {
    // All were seen half a minute after their turns began.
    const records = { c1: record(-31_000), c2: record(-30_000), c3: record(-29_000) };
    const isSought: PlanInput['isSought'] = ({ name }) => name !== 'c2';
    const now = new Date(NOW.getTime() + MINUTE);
    expect(planSweep(input(records, { now })).due).toEqual([]);
    expect(planSweep(input(records, { now, isSought })).due).toEqual(['c3', 'c1']);
    const poor = planSweep(input(records, { now, isSought, callsPerMinute: 2 }));
    expect(poor).toMatchObject({ due: ['c3'], postponed: 1 });
  });
});

describe('a cluster', () => {
  const { reconciledAt: _r, lookedAt: _l, ...never } = record();
  it.each<[string, boolean, ClusterRecord | undefined]>([
    ['of which nothing is known', true, undefined],
    ['never reconciled', true, never],
    ['that could not be reached', true, record(0, { phase: 'Unreachable' })],
    ['with an RSync whose pause is over', true, record(0, { syncs: [unsettled('Synced', 0)] })],
    ['with an RSync in its pause', false, record(0, { syncs: [unsettled('Synced', -1)] })],
    ['with a pending RSync in its pause', false, record(0, { syncs: [unsettled('Pending', -1)] })],
    [
      'with an RSync in its pause and a pending one',
      true,
      record(0, { syncs: [unsettled('Synced', -1), row('Pending')] }),
    ],
    [
      'with an RSync that is being deleted',
      true,
      record(0, { syncs: [{ ...row('Ignored'), deleting: true }] }),
    ],
    [
      'with approvals that nothing follows',
      true,
      record(0, { syncs: [{ ...row('Refused'), approved: ['k'] }] }),
    ],
    ['refused', false, record(0, {}, 'Refused')],
    ['settled', false, record()],
    ['settled, of a record without lookedAt', false, { ...never, reconciledAt: at(0) }],
    ['settled, a whole period ago', true, record(PERIOD)],
    ['ignored', false, record(0, {}, 'Ignored')],
    ['pending', true, record(0, {}, 'Pending')],
    ['rejected', true, record(0, {}, 'Rejected')],
    ['approved', true, record(0, {}, 'Approved')],
    ['failed', true, record(0, {}, 'Failed')],
    ['blocked', true, record(0, {}, 'Blocked')],
    ['stalled', true, record(0, {}, 'Stalled')],
    ['unguarded', true, record(0, {}, 'Unguarded')],
  ])('%s is tasked: %s', (_, tasked, of) => {
    expect(planSweep(input({ c1: of })).due).toEqual(tasked ? ['c1'] : []);
  });

  it('whose approval is of another policy is tasked', () => {
    const plan = planSweep(input({ c1: record() }, { isOutdated: () => true }));
    expect(plan).toMatchObject({ due: ['c1'], unsettled: 1 });
  });
});

describe('a fleet that was seen all at once', () => {
  it('is spread evenly over the period, and no cluster waits longer', () => {
    const records = fleet(1_000, 0);
    const counts: number[] = [];
    const seen = new Map<string, number>();
    for (let minute = 1; minute <= 30; minute += 1) {
      const now = new Date(NOW.getTime() + minute * MINUTE);
      const { due } = planSweep(input(records, { now }));
      counts.push(due.length);
      for (const name of due) {
        expect(minute - (seen.get(name) ?? 0)).toBeLessThanOrEqual(15);
        seen.set(name, minute);
        records[name] = {
          ...record(0, { cluster: name }),
          lookedAt: now.toISOString(),
          reconciledAt: now.toISOString(),
        };
      }
    }
    expect(seen.size).toBe(1_000);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(66);
    expect(Math.max(...counts)).toBeLessThanOrEqual(67);
  });

  it('has its period stretched where the calls do not cover it, and says so', () => {
    // 600 calls a minute are 300 clusters: 9,000 take half an hour.
    const plan = planSweep(input(fleet(9_000, 60 * MINUTE)));
    expect(plan.periodMs).toBe(30 * MINUTE);
    expect(plan.due).toHaveLength(300);
    expect(plan.postponed).toBe(8_700);
  });

  it('keeps its period where they do', () => {
    expect(planSweep(input(fleet(4_500, 0))).periodMs).toBe(PERIOD);
    expect(planSweep(input({})).periodMs).toBe(PERIOD);
  });
});

describe('the calls of a sweep', () => {
  it('go to those that were seen longest ago, unsettled or not', () => {
    const records = {
      c1: record(MINUTE, {}, 'Failed'),
      c2: record(PERIOD + 2),
      c3: record(2 * MINUTE, {}, 'Pending'),
      c4: undefined,
      c5: record(PERIOD + 1),
    };
    const plan = planSweep(input(records, { callsPerMinute: 8 }));
    expect(plan).toMatchObject({ due: ['c4', 'c2', 'c5', 'c3'], unsettled: 3, postponed: 1 });
  });

  it.each([
    ['no sweep is remembered', undefined, 300],
    ['a minute has passed', 60_000, 300],
    ['a second has passed', 1_000, 5],
    ['an hour has passed: nothing is caught up on', 3_600_000, 300],
    ['another sweep began this very moment', 0, 1],
    ['the clock went back', -60_000, 1],
  ])('are those of the time since the last: %s', (_, elapsed, expected) => {
    const last = elapsed === undefined ? undefined : { startedAt: at(elapsed), tasked: {} };
    expect(planSweep(input(fleet(1_000, PERIOD), { last })).due).toHaveLength(expected);
  });
});

describe('a task that may be unread', () => {
  it.each([
    ['is not sent twice', MINUTE, 2 * MINUTE, []],
    ['was read: the cluster was seen since', 2 * MINUTE, MINUTE, ['c1']],
    ['was read at once', MINUTE, MINUTE, ['c1']],
    ['is taken for lost in the end', UNREAD_MS, 2 * UNREAD_MS, ['c1']],
    ['is waited for until then', UNREAD_MS - 1, 2 * UNREAD_MS, []],
  ])('%s', (_, taskedAgo, seenAgo, due) => {
    const last = { startedAt: at(MINUTE), tasked: { c1: at(taskedAgo) } };
    const plan = planSweep(input({ c1: record(seenAgo, {}, 'Failed') }, { last }));
    expect(plan.due).toEqual(due);
    const remembered = due.length === 0 ? at(taskedAgo) : at(0);
    expect(plan.note).toEqual({ startedAt: at(0), tasked: { c1: remembered } });
  });

  it('is forgotten with its cluster', () => {
    const last = { startedAt: at(MINUTE), tasked: { gone: at(MINUTE) } };
    expect(planSweep(input({ c1: record() }, { last })).note.tasked).toEqual({});
  });
});
