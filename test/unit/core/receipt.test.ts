import { describe, expect, it } from 'vitest';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { type Receipt, formatReceipt, receiptReason } from '#shared/core/receipt.ts';
import { A, B } from '#test/fixtures/digests.ts';

const RECEIPT: Receipt = {
  image: 'us-docker.pkg.dev/acme/configs/platform:v1',
  digest: A,
  index: B,
  verdict: 'verified',
  authorities: ['release-key'],
  signer: 'https://ci.example/release.yaml',
  policy: 'sha256:p',
  resolvedAt: '2026-11-22T05:00:00Z',
  approvedAt: '2026-11-22T05:00:01Z',
  revision: 'abc',
  source: 'https://github.com/acme/configs',
  enforcement: 'digest',
  reason: 'resync',
  actor: 'ops@acme.example',
  also: [B],
  announced: false,
  pin: 'written',
  rollout: {
    id: 'platform-v1-20261122T0500-1a2b',
    stage: 'canary',
    kind: 'forward',
    digest: A,
    previous: B,
    indexes: { [A]: B },
    rejected: [B],
    startedAt: '2026-11-22T05:00:00.123Z',
    resolvedAt: '2026-11-22T05:00:00Z',
  },
  was: 'failed',
};

describe('formatReceipt()', () => {
  it('writes the fields of the design in its order', () => {
    expect(formatReceipt(RECEIPT)).toBe(JSON.stringify(RECEIPT));
  });

  it('leaves out what there is not', () => {
    const { index: _i, actor: _a, also: _l, announced: _n, pin: _p, ...others } = RECEIPT;
    const { rollout: _r, was: _w, ...rest } = others;
    expect(JSON.parse(formatReceipt(rest))).toEqual(rest);
  });
});

describe('parseReceipt()', () => {
  it('reads what formatReceipt() writes', () => {
    expect(parseReceipt(formatReceipt(RECEIPT))).toEqual({
      image: RECEIPT.image,
      digest: A,
      index: B,
      policy: 'sha256:p',
      resolvedAt: '2026-11-22T05:00:00Z',
      approvedAt: '2026-11-22T05:00:01Z',
      also: [B],
      pin: 'written',
      rollout: RECEIPT.rollout,
      was: 'failed',
    });
  });

  it('has no word for a pin of another writer', () => {
    const receipt = JSON.stringify({ ...RECEIPT, pin: 'maybe' });
    expect(parseReceipt(receipt)).not.toHaveProperty('pin');
  });

  it.each([
    ['index', 'latest'],
    ['also', 'sha256:x'],
    ['also', [1]],
    ['was', 'ignored'],
    ['rollout', null],
    ['rollout', { ...RECEIPT.rollout, kind: 'sideways' }],
    ['rollout', { ...RECEIPT.rollout, startedAt: '2026-02-30T05:00:00Z' }],
    ['rollout', { ...RECEIPT.rollout, stage: 'x'.repeat(300) }],
    ['rollout', { ...RECEIPT.rollout, digest: '' }],
    ['rollout', { ...RECEIPT.rollout, id: 'a/../b' }],
    ['rollout', { ...RECEIPT.rollout, id: '\u001b[31m' }],
    ['rollout', { ...RECEIPT.rollout, rejected: Array.from({ length: 17 }, () => A) }],
    ['rollout', { ...RECEIPT.rollout, indexes: { [A]: 'latest' } }],
  ])('has no word for %s %j', (field, value) => {
    const receipt = parseReceipt(JSON.stringify({ ...RECEIPT, [field]: value }));
    expect(receipt).toBeDefined();
    expect(receipt).not.toHaveProperty(field);
  });

  it.each([
    ['nothing', undefined],
    ['the empty string', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['an array', '[]'],
    ['a number for the image', JSON.stringify({ ...RECEIPT, image: 1 })],
    ['no digest', JSON.stringify({ ...RECEIPT, digest: 'sha256:short' })],
    ['no policy', JSON.stringify({ ...RECEIPT, policy: null })],
    ['a time that is none', JSON.stringify({ ...RECEIPT, resolvedAt: 'yesterday' })],
    ['a month too many', JSON.stringify({ ...RECEIPT, resolvedAt: '2026-13-22T05:00:00Z' })],
    ['a time zone', JSON.stringify({ ...RECEIPT, approvedAt: '2026-11-22T05:00:01+01:00' })],
    ['too much', JSON.stringify({ ...RECEIPT, image: 'x'.repeat(20_000) })],
  ])('has no answer for %s', (_, value) => {
    expect(parseReceipt(value)).toBeUndefined();
  });
});

describe('receiptReason()', () => {
  it('calls a signature a push', () => {
    expect((['push', 'signature', 'sweep', 'resync'] as const).map(receiptReason)).toEqual([
      'push',
      'push',
      'sweep',
      'resync',
    ]);
  });
});
