import { describe, expect, it } from 'vitest';
import { type Candidate, admits } from '#shared/core/rollout/admits.ts';
import { admitsAmong, staleKeys } from '#shared/core/rollout/among.ts';
import { arrive } from '#shared/core/rollout/arrive.ts';
import { type RolloutReceipt, receiptOn } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { restore } from '#shared/core/rollout/recover.ts';
import {
  HOUR,
  NOW,
  cluster,
  fleet,
  iso,
  live,
  record,
  strategy,
  typesOf,
} from '#test/fixtures/rollout.ts';

const IMAGE = 'registry.example/app:v1';
/** Of the roll-out of D, which began after the record of C that was restored. */
const RECEIPT: RolloutReceipt = {
  id: 'r2',
  kind: 'forward',
  digest: 'D',
  previous: 'C',
  rejected: ['B'],
  startedAt: iso(-HOUR),
  resolvedAt: iso(-HOUR),
};
const OLD = record({ status: 'completed', digest: 'C', stage: 'rest', startedAt: iso(-HOUR - 1) });
const LET_IN: Candidate = {
  cluster: 'r1',
  labels: { ring: 'rest' },
  approved: 'D',
  live: 'D',
  held: false,
  receipt: RECEIPT,
};

describe('a record that is older than what an RSync was let in to', () => {
  it.each<[string, Partial<RolloutRecord>, Partial<Candidate>, string]>([
    ['lets it in to nothing', {}, {}, 'record'],
    ['is not older than its own roll-out', { startedAt: RECEIPT.startedAt }, {}, 'C'],
    ['takes nothing from it', { digest: 'D' }, {}, 'D'],
    ['stops no other', {}, { receipt: { ...RECEIPT, startedAt: iso(-2 * HOUR) } }, 'C'],
  ])('%s', (_, changes, more, expected) => {
    const admission = admits({ ...OLD, ...changes }, strategy(), { ...LET_IN, ...more }, NOW);
    expect(admission.allowed ? admission.digest : admission.why).toBe(expected);
  });

  it('is its own alone: others of the repository began when they did', () => {
    const own = record({ image: IMAGE, digest: 'E', status: 'completed', startedAt: iso(0) });
    const other = { ...own, image: `${IMAGE}-2`, startedAt: iso(-2 * HOUR) };
    const entries = [own, other].map((one) => ({ image: one.image, record: one, known: true }));
    const following = { image: IMAGE, key: 'E' };
    expect(admitsAmong(entries, following, strategy(), LET_IN, NOW)).toMatchObject({ digest: 'E' });
    const keys = ['D', 'E'];
    expect(staleKeys(entries, strategy(), { ...LET_IN, keys }, NOW)).toEqual([]);
  });
});

describe('restore()', () => {
  const clusters = fleet(
    cluster('c1', 'canary', { ...live(), receipt: RECEIPT }),
    cluster('r1', 'rest'),
  );

  it('takes it for lost, and learns from receipts', () => {
    const next = { digest: 'C', resolvedAt: iso(-1), id: 'r9', by: 'push' };
    const approvals = [{ stage: 'canary', by: 'lead@acme.example', at: iso(-1) }];
    const change = restore({ ...OLD, next, approvals, ignored: ['c1'] }, strategy(), clusters);
    expect(typesOf(change)).toEqual(['interrupted']);
    expect(change.record).toMatchObject({
      version: OLD.version + 1,
      status: 'paused',
      cause: 'record-lost',
      id: 'r2',
      digest: 'D',
      rejected: ['B'],
      stage: 'canary',
      cursor: { cluster: 'c1' },
      approvals: [],
      ignored: [],
    });
    expect(change.record).not.toHaveProperty('next');
    expect(restore(change.record, strategy(), clusters).record).toBe(change.record);
  });

  it.each<[string, Partial<RolloutRecord>]>([
    ['in place', { startedAt: RECEIPT.startedAt }],
    ['retired', { status: 'retired' }],
    ['lost already', { status: 'paused', cause: 'record-lost' }],
  ])('leaves one that is %s', (_, changes) => {
    const before = { ...OLD, ...changes };
    expect(restore(before, strategy(), clusters).record).toBe(before);
  });
});

describe('what begins after a record', () => {
  it('begins later than that, whatever the clock says', () => {
    const ahead = record({ startedAt: iso(HOUR) });
    const arrival = { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' };
    expect(arrive(ahead, strategy(), arrival, NOW).record.startedAt).toBe(iso(HOUR + 1));
  });
});

describe('receiptOn()', () => {
  it.each<[string, object, string | undefined, boolean]>([
    ['is of its image', {}, IMAGE, true],
    ['is not of another', {}, `${IMAGE}-2`, false],
    ['is of none where a digest is followed', {}, undefined, false],
    ['may be of a clock that is an hour ahead', { startedAt: iso(HOUR) }, IMAGE, true],
    ['began in no future', { startedAt: iso(HOUR + 1) }, IMAGE, false],
    ['was resolved in no future', { resolvedAt: '9999-12-31T23:59:59Z' }, IMAGE, false],
  ])('%s', (_, changes, image, expected) => {
    const facts = { image: IMAGE, rollout: { ...RECEIPT, ...changes } };
    expect(receiptOn(facts, image, NOW)).toBe(expected ? facts.rollout : undefined);
    expect(receiptOn(undefined, image, NOW)).toBeUndefined();
    expect(receiptOn({ image: IMAGE }, image, NOW)).toBeUndefined();
  });
});
