import { describe, expect, it } from 'vitest';
import { admits } from '#shared/core/rollout/admits.ts';
import { advance } from '#shared/core/rollout/advance.ts';
import { arrive } from '#shared/core/rollout/arrive.ts';
import { command } from '#shared/core/rollout/command.ts';
import type { FleetCluster, RolloutReceipt } from '#shared/core/rollout/fleet.ts';
import type { Change, RolloutRecord } from '#shared/core/rollout/record.ts';
import { recover, retire } from '#shared/core/rollout/recover.ts';
import {
  ACTOR,
  HOUR,
  NOW,
  at,
  cluster,
  fleet,
  iso,
  live,
  record,
  strategy,
  sync,
  typesOf,
} from '#test/fixtures/rollout.ts';

const TARGET = { digest: 'D', resolvedAt: iso(-1), id: 'r9', by: 'sweep' };
const RECEIPT: RolloutReceipt = {
  id: 'r1',
  kind: 'forward',
  digest: 'D',
  previous: 'C',
  rejected: ['B'],
  startedAt: iso(-HOUR),
  resolvedAt: iso(-HOUR),
};
const unseen = (name: string, reachable = true): FleetCluster => ({
  cluster: name,
  labels: {},
  reachable,
});

function recovered(fresh: boolean, ...clusters: readonly FleetCluster[]): Change | undefined {
  return recover(
    { image: 'registry.example/app:v1', target: TARGET, fresh },
    strategy(),
    fleet(...clusters),
    NOW,
  );
}

describe('recover() of a lost record', () => {
  it.each<[string, readonly FleetCluster[], Partial<RolloutRecord>]>([
    [
      'where receipts say it was',
      [
        cluster('c1', 'canary', { ...live(), receipt: RECEIPT }),
        cluster('e1', 'early', { ...live(), receipt: RECEIPT }),
        cluster('e2', 'early', { ...live(), receipt: RECEIPT }),
        cluster('e3', 'early'),
      ],
      {
        id: 'r1',
        digest: 'D',
        previous: 'C',
        stage: 'early',
        cursor: { cluster: 'e2' },
        rejected: ['B'],
      },
    ],
    [
      'in the roll-out that began last',
      [
        cluster('c1', 'canary', {
          ...live('A'),
          receipt: { ...RECEIPT, digest: 'A', startedAt: iso(-2 * HOUR) },
        }),
        cluster('c2', 'canary', { ...live(), receipt: RECEIPT }),
      ],
      { digest: 'D', stage: 'canary' },
    ],
    [
      'no further than all before have the digest',
      [
        cluster('c1', 'canary', { ...live(), receipt: RECEIPT }),
        cluster('e1', 'early'),
        // By another label then, or by its own hand.
        cluster('e2', 'early', { ...live(), receipt: RECEIPT }),
        cluster('r1', 'rest', { ...live(), receipt: RECEIPT }),
      ],
      { digest: 'D', stage: 'canary', cursor: { cluster: 'c1' } },
    ],
    [
      'on its way back',
      [
        cluster('c1', 'canary', {
          receipt: { ...RECEIPT, kind: 'rollback', digest: 'C', rejected: ['D'] },
        }),
      ],
      { kind: 'rollback', digest: 'C', rejected: ['D'] },
    ],
    [
      'at the beginning, where nothing is known',
      [unseen('c1'), unseen('c2')],
      { digest: 'D', stage: 'canary' },
    ],
    [
      'even where all have the digest',
      [cluster('c1', 'canary', live())],
      { digest: 'D', stage: 'canary' },
    ],
  ])('is paused, %s', (_, clusters, expected) => {
    const change = recovered(false, ...clusters);
    expect(change?.record).toMatchObject({ ...expected, status: 'paused', cause: 'record-lost' });
    expect(change && typesOf(change)).toEqual(['interrupted']);
  });

  it('learns from receipts that are seen later', () => {
    const seen = cluster('c1', 'canary', {
      ...live('A'),
      receipt: { ...RECEIPT, digest: 'A', startedAt: iso(-3 * HOUR) },
    });
    const before = recovered(false, seen, unseen('c2'))?.record ?? record();
    const later = cluster('c2', 'canary', {
      receipt: { ...RECEIPT, kind: 'rollback', digest: 'C', rejected: ['A', 'D'] },
    });
    const after = advance(before, strategy(), fleet(seen, later), at(1));
    expect(after.record).toMatchObject({ status: 'paused', kind: 'rollback', digest: 'C' });
    expect(after.record.rejected.toSorted()).toEqual(['A', 'B', 'D']);
    expect(advance(after.record, strategy(), fleet(seen, later), at(1)).record).toBe(after.record);
  });

  it('takes what was started again for no rejected digest', () => {
    const back = cluster('c1', 'canary', {
      receipt: { ...RECEIPT, kind: 'rollback', digest: 'C', rejected: ['D'] },
    });
    const again = cluster('c2', 'canary', {
      receipt: { ...RECEIPT, startedAt: iso(-1), rejected: [] },
    });
    expect(recovered(false, back, again)?.record).toMatchObject({
      digest: 'D',
      rejected: ['B'].slice(1),
    });
  });
});

describe('recover() of a fresh deployment', () => {
  it.each<[string, readonly FleetCluster[], object | undefined]>([
    [
      'one digest',
      [cluster('c1', 'canary', live()), cluster('r1', 'rest', live())],
      { status: 'completed', digest: 'D', stage: 'rest' },
    ],
    [
      'another digest than the tag',
      [cluster('c1', 'canary')],
      { status: 'completed', digest: 'C', resolvedAt: '1970-01-01T00:00:00.000Z' },
    ],
    [
      'several digests',
      [cluster('c1', 'canary', live()), cluster('r1', 'rest')],
      { status: 'paused', cause: 'digests-differ' },
    ],
    [
      'clusters that nobody has looked at yet',
      [cluster('c1', 'canary', live()), unseen('c2')],
      undefined,
    ],
    [
      'clusters that cannot be looked at',
      [cluster('c1', 'canary', live()), unseen('c2', false)],
      { status: 'paused', cause: 'clusters-unseen' },
    ],
    [
      'nothing',
      [cluster('c1', 'canary', {}, { syncs: [] })],
      { status: 'rolling', digest: 'D', stage: 'canary' },
    ],
    [
      'the digest on one RSync, and nothing on another',
      [cluster('e1', 'early', live()), cluster('c1', 'canary', {}, { syncs: [sync()] })],
      { status: 'rolling', digest: 'D', stage: 'canary' },
    ],
    [
      'another digest on one RSync, and nothing on another',
      [cluster('e1', 'early'), cluster('c1', 'canary', {}, { syncs: [sync()] })],
      { status: 'rolling', digest: 'D', stage: 'canary' },
    ],
    [
      'receipts of a roll-out',
      [cluster('c1', 'canary', { ...live(), receipt: RECEIPT })],
      { status: 'paused', cause: 'record-lost' },
    ],
  ])('that has %s', (_, clusters, expected) => {
    const found = recovered(true, ...clusters)?.record;
    expect(found === undefined).toBe(expected === undefined);
    expect(found ?? {}).toMatchObject(expected ?? {});
  });

  it('names the clusters that differ, and rolls the tag out by stages', () => {
    const change = recovered(true, cluster('c1', 'canary', live()), cluster('r1', 'rest'));
    expect(change?.notices).toMatchObject([{ type: 'paused', clusters: ['r1'] }]);
    const adopted = recovered(true, cluster('r1', 'rest'))?.record ?? record();
    const { record: next } = arrive(adopted, strategy(), TARGET, NOW);
    expect(next).toMatchObject({ digest: 'D', previous: 'C', status: 'rolling', stage: 'canary' });
  });
});

/** What a simulation of the first drafts found. */
describe('faults of the first drafts', () => {
  it('a recovered record is not started by the next push', () => {
    const lost =
      recovered(false, cluster('c1', 'canary', live()), cluster('r1', 'rest'))?.record ?? record();
    const next = arrive(
      lost,
      strategy(),
      { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' },
      NOW,
    );
    expect(next.record).toMatchObject({ digest: 'E', status: 'paused', cause: 'record-lost' });
  });

  it('after a way back an older digest starts nothing', () => {
    const back = command(record(), { do: 'rollback', id: 'b1' }, ACTOR, strategy(), NOW);
    const before = 'record' in back ? back.record : record();
    for (const of of [
      before,
      advance(before, strategy(), fleet(cluster('c1', 'canary')), NOW).record,
    ]) {
      const late = { digest: 'B', resolvedAt: iso(-HOUR - 1), id: 'r2', by: 'push' };
      expect(arrive(of, strategy(), late, NOW).record).toBe(of);
    }
  });

  it('the few that are known conclude nothing for those that are not', () => {
    const known = cluster('c1', 'canary', live());
    for (const away of [unseen('r1'), unseen('r1', false)]) {
      const lost = recovered(false, known, away)?.record ?? record();
      const resumed = command(lost, { do: 'resume', ignore: [] }, ACTOR, strategy(), NOW);
      let current = 'record' in resumed ? resumed.record : record();
      for (let turn = 1; turn < 9; turn += 1) {
        current = advance(current, strategy(), fleet(known, away), at(turn * HOUR)).record;
      }
      expect(current.status).not.toBe('completed');
    }
  });

  it('a lost record of a completed roll-out keeps a pause for newcomers', () => {
    const has = { ...live(), receipt: RECEIPT };
    const lost = recovered(true, cluster('c1', 'canary', has), cluster('r1', 'rest', has))?.record;
    const newcomer = { cluster: 'r2', labels: { ring: 'rest' }, held: false };
    expect(admits(lost, strategy(), newcomer, NOW)).toEqual({ allowed: false, why: 'paused' });
  });
});

describe('a strategy that is taken away, and comes back', () => {
  const before = record({
    status: 'halted',
    cause: 'failures',
    rejected: ['B', 'X'],
    next: { ...TARGET },
  });
  const { record: retired, notices } = retire(before);

  it('stops the roll-out, and ends what was open', () => {
    expect(retired).toMatchObject({ status: 'retired', version: 8, rejected: ['B', 'X'] });
    expect([retired.cause, retired.next, retired.cursor]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(notices.map(({ type }) => type)).toEqual(['recovered', 'retired']);
    expect(retire(retired)).toEqual({ record: retired, notices: [] });
    const later = { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' };
    expect(arrive(retired, strategy(), later, NOW).record).toBe(retired);
  });

  it('adopts what runs by then, and keeps what people decided', () => {
    const fleetNow = fleet(cluster('c1', 'canary', live('B')), cluster('r1', 'rest', live('B')));
    const missing = { image: before.image, target: TARGET, fresh: false, retired };
    const change = recover(missing, strategy(), fleetNow, NOW);
    expect(change?.record).toMatchObject({
      status: 'completed',
      cause: 'adoption',
      digest: 'B',
      version: 9,
      rejected: ['X'],
    });
    expect(change?.notices.map(({ type, version }) => [type, version])).toEqual([['completed', 9]]);
  });

  it('pauses where several digests run', () => {
    const fleetNow = fleet(cluster('c1', 'canary', live('B')), cluster('r1', 'rest', live('C')));
    const missing = { image: before.image, target: TARGET, fresh: false, retired };
    const change = recover(missing, strategy(), fleetNow, NOW);
    // One cluster that still runs what was rejected brings it back to no other.
    expect(change?.record).toMatchObject({
      status: 'paused',
      cause: 'digests-differ',
      version: 9,
      rejected: ['B', 'X'],
    });
  });
});
