import { describe, expect, it } from 'vitest';
import { type Change, type Notice, noticeOf } from '#shared/core/rollout/record.ts';
import { type Seen, eventsOf } from '#shared/rollouts/notices.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { severityOf } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { ACTOR, NOW, cluster, live, record, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { LOOKED_AT, clusterRecord, row } from '#test/fixtures/staged-rows.ts';

const ROW = { sync: 'RootSync/root', image: IMAGE };
const FAILED = row({
  ...ROW,
  message: 'KNV2010',
  record: { phase: 'Failed', digest: 'D', since: LOOKED_AT },
});
const OUT_OF_REACH = { phase: 'Unreachable', message: 'Connect Gateway answered 504' } as const;
const RECORDS = [
  clusterRecord('c1', [row(ROW)]),
  clusterRecord('c2', [FAILED]),
  clusterRecord('c3', [row(ROW)], OUT_OF_REACH),
  clusterRecord('c4', [row(ROW)]),
  clusterRecord('c5', [row(ROW)]),
];
const SEEN: Seen = {
  clusters: [
    cluster('c1', 'canary', live()),
    cluster('c2', 'canary', { ...live(), failing: 'D' }),
    cluster('c3', 'canary', live(), { reachable: false }),
    cluster('c4', 'rest'),
    cluster('c5', 'canary', { held: true }),
    { cluster: 'c6', labels: { ring: 'canary' }, reachable: true, syncs: [] },
  ],
  records: new Map(RECORDS.map((one) => [one.cluster, one])),
  strategy: strategy(),
};
const RECORD = record({ image: IMAGE, status: 'halted', cause: 'failures', version: 8 });

function change(...notices: readonly Notice[]): Change {
  return { record: RECORD, notices };
}

describe('eventsOf()', () => {
  it('says of what begins, as a WARNING, that nothing could go back', () => {
    const started = change(noticeOf(RECORD, 'started'), noticeOf(RECORD, 'stage.opened'));
    const [begun, opened] = eventsOf(started, { ...SEEN, noWayBack: true }, NOW);
    expect(begun).toMatchObject({ severity: 'WARNING', data: { noWayBack: true } });
    expect(opened?.data).not.toHaveProperty('noWayBack');
    expect(eventsOf(started, SEEN, NOW)[0]).not.toHaveProperty('severity');
  });

  it('counts RSyncs, and names those that lag, first those that it is because of', () => {
    const notice = noticeOf(RECORD, 'halted', { cause: 'failures', clusters: ['c3'] });
    expect(eventsOf(change(notice), SEEN, NOW)).toEqual([
      {
        type: 'rollout.halted',
        replaced: undefined,
        data: {
          image: IMAGE,
          digest: 'D',
          syncs: 5,
          clusters: 5,
          live: 1,
          failed: 1,
          unreachable: 1,
          underWay: 0,
          waiting: 1,
          held: 1,
          lagging: [
            {
              cluster: 'c3',
              sync: 'RootSync/root',
              phase: 'Unreachable',
              since: LOOKED_AT,
              message: 'Connect Gateway answered 504',
            },
            {
              cluster: 'c2',
              sync: 'RootSync/root',
              phase: 'Failed',
              since: LOOKED_AT,
              message: 'KNV2010',
            },
          ],
          id: 'r1',
          stage: 'canary',
          status: 'halted',
          version: 8,
          cause: 'failures',
          since: NOW.toISOString(),
          errors: [],
          message: 'Halted in stage canary: too many clusters failed: c3; live on 1 of 5 RSyncs',
        },
      },
    ]);
  });

  it.each([
    ['stage.opened', {}, 'INFO'],
    ['stage.skipped', {}, 'WARNING'],
    ['waiting', { cause: 'approval' }, 'INFO'],
    ['waiting', { cause: 'approval', overdue: true }, 'WARNING'],
    ['paused', { cause: 'person', ...ACTOR }, 'INFO'],
    ['paused', { cause: 'digests-differ' }, 'WARNING'],
    ['halted', { cause: 'failures' }, 'ERROR'],
    ['aborted', ACTOR, 'WARNING'],
    ['interrupted', { cause: 'record-lost' }, 'ERROR'],
    ['completed', { cause: 'adoption' }, 'INFO'],
  ] as const)('is what its schema says: %s %o', (type, more, severity) => {
    const [event] = eventsOf(change(noticeOf(RECORD, type, more)), SEEN, NOW);
    if (event === undefined) throw new Error('No event');
    expect(STATUS_DATA[event.type].safeParse(event.data).error).toBeUndefined();
    expect(severityOf(event)).toBe(severity);
  });

  it('counts what has an older digest for the roll-out of that, which has no status any more', () => {
    const superseded: Notice = { ...noticeOf(RECORD, 'superseded'), id: 'r0', digest: 'C' };
    const [event] = eventsOf(change(superseded), SEEN, NOW);
    expect(event?.data).toMatchObject({ id: 'r0', digest: 'C', live: 2, held: 0 });
    expect(event?.data.status).toBeUndefined();
  });

  it('has who decided, and why', () => {
    const [event] = eventsOf(change(noticeOf(RECORD, 'aborted', ACTOR)), SEEN, NOW);
    expect(event?.data).toMatchObject({ actor: ACTOR.by, reason: ACTOR.reason });
  });

  it('counts a fleet whose strategy was taken away', () => {
    const retired = { ...RECORD, status: 'retired' } as const;
    const { clusters, records } = SEEN;
    const notices = [noticeOf(retired, 'retired')];
    const [event] = eventsOf({ record: retired, notices }, { clusters, records }, NOW);
    expect(event?.data).toMatchObject({ syncs: 5, live: 1, status: 'retired' });
  });

  it('names fifty at the most', () => {
    const names = Array.from({ length: 60 }, (_, n) => `c${100 + n}`);
    const seen = {
      ...SEEN,
      clusters: names.map((name) => cluster(name, 'canary', { ...live(), failing: 'D' })),
      records: new Map(names.map((name) => [name, clusterRecord(name, [FAILED])])),
    };
    const notice = noticeOf(RECORD, 'halted', { cause: 'failures', clusters: names });
    const [event] = eventsOf(change(notice), seen, NOW);
    expect(event?.data.lagging).toHaveLength(50);
    expect(event?.data.message).toContain('c100, c101, c102 and 57 more');
  });

  it('has one id for one decision, whenever it is made again, and another for the next', () => {
    const later = new Date(NOW.getTime() + 60_000);
    const ids = (changed: Change, now: Date): readonly string[] =>
      eventsOf(changed, SEEN, now).map(eventIdOf);
    const opened = change(noticeOf(RECORD, 'stage.opened'));
    expect(ids(opened, later)).toEqual(ids(opened, NOW));
    const others = [
      { ...noticeOf(RECORD, 'stage.opened'), version: 9 },
      { ...noticeOf(RECORD, 'stage.opened'), stage: 'early' },
      { ...noticeOf(RECORD, 'stage.opened'), id: 'r2' },
      noticeOf(RECORD, 'stage.passed'),
    ];
    const all = [...ids(opened, NOW), ...others.flatMap((other) => ids(change(other), NOW))];
    expect(new Set(all).size).toBe(5);
  });
});
