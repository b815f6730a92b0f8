import { describe, expect, it } from 'vitest';
import { sayReceipt } from '#functions/api/page/sync/say-receipt.ts';
import { A } from '#test/fixtures/digests.ts';

const RECEIPT = {
  image: 'host/platform:v1',
  digest: A,
  verdict: 'verified',
  authorities: ['release-key'],
  approvedAt: '2026-11-22T05:00:00Z',
  resolvedAt: '2026-11-22T04:59:00Z',
  reason: 'push',
};

describe('sayReceipt()', () => {
  it.each([
    [
      {},
      `${A} of host/platform:v1 was approved at 2026-11-22 05:00:00 UTC after a push, signed by release-key.`,
    ],
    [
      { signer: 'ci@acme.example', reason: 'resync', actor: 'ops@acme.example' },
      `${A} of host/platform:v1 was approved at 2026-11-22 05:00:00 UTC after a resync by ops@acme.example, signed by ci@acme.example.`,
    ],
    [
      { rollout: { id: 'r-1', stage: 'early' }, revision: 'abc', source: 'https://git.example' },
      'Roll-out r-1 let it in, in stage early. It says that it was made of revision abc of https://git.example.',
    ],
    [{ pin: 'written' }, 'Its digest was written into the spec.'],
    [{ enforcement: 'version' }, 'The gate can keep the chart to its version alone.'],
  ])('says %j in words', (changes, expected) => {
    expect(sayReceipt(JSON.stringify({ ...RECEIPT, ...changes }))).toContain(expected);
  });

  it.each(['', '{', '[]', '{"image":1}', '{"rollout":"evil"}'])(
    'makes nothing of what is none: %s',
    (text) => {
      expect(sayReceipt(text)).toBeUndefined();
    },
  );

  it('leaves out what it cannot read of one that is', () => {
    const text = JSON.stringify({ ...RECEIPT, rollout: 'evil', signer: 7, authorities: 'x' });
    expect(sayReceipt(text)).toBe(
      `${A} of host/platform:v1 was approved at 2026-11-22 05:00:00 UTC after a push.`,
    );
  });
});
