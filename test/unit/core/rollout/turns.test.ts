import { describe, expect, it } from 'vitest';
import { advance } from '#shared/core/rollout/advance.ts';
import { countUnderWay } from '#shared/core/rollout/standing.ts';
import {
  MINUTE,
  NOW,
  at,
  cluster,
  fleet,
  hours,
  iso,
  live,
  record,
  stage,
  strategy,
} from '#test/fixtures/rollout.ts';

describe('the turns of a stage', () => {
  it('takes turns by number, then text, then name', () => {
    const by = strategy({
      stages: [
        stage('rest', { selects: () => true, orderBy: 'order', maxConcurrency: { clusters: 1 } }),
      ],
    });
    const orders = { a: '10', b: '9', c: 'x', d: undefined, e: '09', f: '' };
    let members = Object.entries(orders).map(([name, order]) =>
      cluster(name, 'rest', {}, { labels: order === undefined ? {} : { order } }),
    );
    let current = record({ stage: 'rest' });
    const taken: string[] = [];
    for (let turn = 1; turn <= 6; turn += 1) {
      current = advance(current, by, fleet(...members), at(turn)).record;
      const name = current.cursor?.cluster ?? '';
      taken.push(name);
      members = members.map((member) =>
        member.cluster === name
          ? {
              ...member,
              ...cluster(
                name,
                '',
                live(),
                member.labels === undefined ? {} : { labels: member.labels },
              ),
            }
          : member,
      );
    }
    expect(taken).toEqual(['b', 'e', 'a', 'c', 'd', 'f']);
  });

  it('gives a slot that a freeze keeps to nobody else', () => {
    const frozen = { name: 'f', from: '2026-11-23 00:00', to: '2026-11-24 00:00' };
    const clock = hours(0, 1).clock;
    const by = strategy({
      stages: [stage('rest', { selects: () => true, maxConcurrency: { clusters: 1 } })],
      freezes: [{ ...frozen, clock, selects: ({ env }) => env === 'prod' }],
    });
    const prod = cluster('a', 'rest', {}, { labels: { env: 'prod' } });
    const before = record({ stage: 'rest', cursor: { cluster: 'a' } });
    const { cursor, status } = advance(before, by, fleet(prod, cluster('b', 'rest')), NOW).record;
    expect([cursor, status]).toEqual([{ cluster: 'a' }, 'awaiting-window']);
  });

  it('counts what a roll-out has under way, in every stage', () => {
    const going = { approved: 'D', approvedAt: iso(-MINUTE) };
    const clusters = [
      cluster('c1', 'canary', going),
      cluster('e1', 'early'),
      cluster('e2', 'early', going),
      cluster('r1', 'rest'),
    ];
    const stand = record({ stage: 'early', cursor: { cluster: 'e1' } });
    expect(countUnderWay(stand, strategy(), clusters, NOW)).toBe(3);
    expect(countUnderWay(record({ status: 'paused' }), strategy(), clusters, NOW)).toBe(2);
  });

  it('awaits the signature of a stage behind one without clusters as well', () => {
    const by = strategy({
      stages: [stage('canary'), stage('rest', { selects: () => true, signedBy: 'qa' })],
    });
    expect(advance(record(), by, fleet(cluster('r1', 'rest')), NOW).record).toMatchObject({
      status: 'awaiting-approval',
      cause: 'signature',
      stage: 'canary',
    });
  });
});
