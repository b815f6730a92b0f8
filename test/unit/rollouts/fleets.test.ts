import { describe, expect, it } from 'vitest';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { ClusterRecord, SyncRow, Unsettled } from '#shared/store/store.ts';
import { createFleets } from '#shared/rollouts/fleets.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { LOOKED_AT, clusterRecord, member, row, snapshotOf } from '#test/fixtures/staged-rows.ts';

const rules = { selects: (_: unknown, labels: object) => !('skipped' in labels) };

function fleet(records: readonly ClusterRecord[]): readonly FleetCluster[] {
  const snapshot = snapshotOf([member('c1', 'canary')], records);
  const query = { image: IMAGE, rule: RULE, signedBy: ['qa'], elsewhere: 3 };
  const { clusters, ...rest } = createFleets(snapshot, rules).of(query);
  expect(rest).toEqual({ signedBy: ['qa'], elsewhere: 3 });
  return clusters;
}

const SYNC = {
  sync: 'RootSync/root-sync',
  approved: A,
  live: A,
  failedBefore: false,
  held: false,
};
const C1 = { cluster: 'c1', labels: { ring: 'canary' }, reachable: true };
const unsettled = (code: string): Unsettled => {
  return { since: LOOKED_AT, attempts: 3, code, dueAt: LOOKED_AT };
};
const FAILURE = { phase: 'Failed', since: LOOKED_AT } as const;

describe('createFleets()', () => {
  it('has what follows the image, and nothing else', () => {
    const others = [
      row({ sync: 'RootSync/other', image: 'r.example/other:v1' }),
      row({ sync: 'RootSync/other-tag', image: IMAGE.replace(':v1', ':v2') }),
      row({ sync: 'RootSync/going', deleting: true }),
    ];
    expect(fleet([clusterRecord('c1', [row(), ...others])])).toEqual([{ ...C1, syncs: [SYNC] }]);
    expect(fleet([clusterRecord('c1', others)])).toEqual([{ ...C1, syncs: [] }]);
  });

  it('has each member that the rule selects, in the order of the fleet', () => {
    const skipped = { ...member('c0', 'rest'), labels: { skipped: 'yes' } };
    const members = [member('c2', 'rest'), skipped, member('c1', 'canary')];
    const snapshot = snapshotOf(members, [clusterRecord('gone')]);
    const { clusters } = createFleets(snapshot, rules).of({
      image: IMAGE,
      rule: RULE,
      signedBy: [],
      elsewhere: 0,
    });
    expect(clusters.map(({ cluster }) => cluster)).toEqual(['c2', 'c1']);
  });

  it('asks a rule once for each member of a snapshot, whatever the number of images', () => {
    const members = Array.from({ length: 50 }, (_, at) => member(`c${at}`, 'rest'));
    const images = Array.from({ length: 40 }, (_, at) => `r.example/team-${at}:v1`);
    const records = members.map(({ name }, at) =>
      clusterRecord(name, [row({ image: images[at % images.length] ?? '', approved: [A] })]),
    );
    const snapshot = snapshotOf(members, records);
    let asked = 0;
    const counted = { selects: () => (asked += 1) > 0 };
    const fleets = createFleets(snapshot, counted);
    const followed = images.map((image) => {
      const { clusters } = fleets.of({ image, rule: RULE, signedBy: [], elsewhere: 0 });
      return clusters.filter(({ syncs = [] }) => syncs.length > 0).map(({ cluster }) => cluster);
    });
    expect(asked).toBe(members.length);
    expect(followed[0]).toEqual(['c0', 'c40']);
    expect(followed[39]).toEqual(['c39']);
  });

  it('asks the rules of another config about the same snapshot', () => {
    const snapshot = snapshotOf([member('c1', 'canary')], [clusterRecord('c1')]);
    const query = { image: IMAGE, rule: RULE, signedBy: [], elsewhere: 0 };
    expect(createFleets(snapshot, rules).of(query).clusters).toHaveLength(1);
    const none = { selects: () => false };
    expect(createFleets(snapshot, none).of(query).clusters).toEqual([]);
  });

  it('knows nothing of what was never looked at', () => {
    const unseen = clusterRecord('c1', []);
    const { reconciledAt: _, ...never } = unseen;
    expect(fleet([])).toEqual([C1]);
    expect(fleet([never])).toEqual([C1]);
    expect(fleet([{ ...never, phase: 'Unreachable' }])).toEqual([{ ...C1, reachable: false }]);
  });

  it('has what receipt and annotations say of an RSync whose image is staged', () => {
    const receipt = {
      id: 'r1',
      stage: 'canary',
      kind: 'forward',
      digest: A,
      rejected: [B],
      startedAt: LOOKED_AT,
      resolvedAt: LOOKED_AT,
    } as const;
    const staged = {
      image: IMAGE,
      stage: 'canary',
      hold: '- ops@acme.example INC-7',
      approvedAt: LOOKED_AT,
      failedBefore: true,
      receipt,
    } as const;
    const by = row({ staged });
    const named = row({ staged, image: `${IMAGE}@${A}` });
    const elsewhere = row({ staged: { ...staged, image: `${IMAGE}-other` } });
    const more = { held: true, failedBefore: true, approvedAt: LOOKED_AT, receipt };
    expect(fleet([clusterRecord('c1', [by, named, elsewhere])])).toEqual([
      { ...C1, syncs: [SYNC, SYNC].map((sync) => ({ ...sync, ...more })) },
    ]);
  });

  it.each<[string, Partial<SyncRow>, object]>([
    [
      'approved without a receipt that says when',
      { staged: { image: IMAGE, stage: 'canary' } },
      { approvedAt: LOOKED_AT },
    ],
    [
      'let in, and not approved',
      {
        staged: {
          image: IMAGE,
          stage: 'canary',
          approvedAt: LOOKED_AT,
          stuck: { since: LOOKED_AT, on: B },
        },
      },
      { approvedAt: LOOKED_AT, stuck: { since: LOOKED_AT, on: B } },
    ],
    [
      'not let in any more',
      {
        staged: {
          image: IMAGE,
          stage: 'canary',
          approvedAt: LOOKED_AT,
          stuck: { since: LOOKED_AT },
        },
      },
      { approvedAt: LOOKED_AT },
    ],
    [
      'not to be written',
      { unsettled: unsettled('cluster-refused') },
      { stuck: { since: LOOKED_AT } },
    ],
    ['of a registry that does not answer', { unsettled: unsettled('registry-unavailable') }, {}],
    ['without a turn', { unsettled: unsettled('postponed') }, {}],
  ])('has what is %s', (_, changes, more) => {
    expect(fleet([clusterRecord('c1', [row(changes)])])).toEqual([
      { ...C1, syncs: [{ ...SYNC, ...more }] },
    ]);
  });

  it('waits for no look at a cluster without Config Sync', () => {
    const { reconciledAt: _, ...never } = clusterRecord('c1', [], { phase: 'NoConfigSync' });
    expect(fleet([never])).toEqual([{ ...C1, syncs: [] }]);
  });

  it.each(['Unreachable', 'Forbidden', 'NoConfigSync'] as const)(
    'keeps what was known of a cluster that is %s since',
    (phase) => {
      const known = [{ ...C1, reachable: false, syncs: [SYNC] }];
      expect(fleet([clusterRecord('c1', [row()], { phase })])).toEqual(known);
    },
  );

  it.each([
    ['about a digest', { ...FAILURE, digest: B }, B],
    ['about nothing that has a key', FAILURE, ''],
  ])('has a failure that is open, %s', (_, failure, failing) => {
    const failed = row({ record: { phase: 'Failed', since: LOOKED_AT, failure } });
    expect(fleet([clusterRecord('c1', [failed])])).toEqual([
      { ...C1, syncs: [{ ...SYNC, failing }] },
    ]);
  });
});
