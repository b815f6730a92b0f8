import { describe, expect, it } from 'vitest';
import { approveAhead } from '#shared/core/approve.ts';
import { decide } from '#shared/core/decide.ts';
import type { Receipt } from '#shared/core/receipt.ts';
import type { RSync } from '#shared/core/rsync.ts';
import {
  POLICY,
  RULE,
  VERIFIED,
  decisionInput,
  followed,
  resolvedTo,
} from '#test/fixtures/decision.ts';
import { applyPatch, buildRSync, helmSource, textsOf } from '#test/fixtures/rsync.ts';

const D = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const RECEIPT: Receipt = {
  image: 'us-docker.pkg.dev/acme/configs/platform@' + D('d'),
  digest: D('d'),
  verdict: 'verified',
  authorities: ['release-key'],
  policy: POLICY,
  resolvedAt: '2026-11-22T05:59:58Z',
  approvedAt: '2026-11-22T06:00:00Z',
  enforcement: 'digest',
  reason: 'resync',
  actor: 'ops@acme.example',
};

/** What was resolved after the approval in place. */
function target(digest: ReturnType<typeof D>, rule = RULE): ReturnType<typeof followed> {
  return followed(digest, VERIFIED, { rule, resolution: resolvedTo(digest, { fresh: true }) });
}

function ahead(rsync: RSync): RSync {
  return applyPatch(rsync, approveAhead(rsync, RECEIPT));
}

function approved(...tags: ReturnType<typeof D>[]): RSync {
  return tags.reduce(
    (rsync, digest) => applyPatch(rsync, decide(decisionInput(rsync, target(digest))).patch),
    buildRSync(),
  );
}

describe('approveAhead()', () => {
  it('puts the digest behind the newest approval, and says so in the receipt', () => {
    const rsync = ahead(approved(D('a'), D('b')));
    expect(rsync.annotations.approved.text).toBe(`${D('b')} ${D('d')} ${D('a')}`);
    expect(JSON.parse(rsync.annotations.receipt.text ?? '')).toMatchObject({
      digest: D('b'),
      also: [D('d'), D('a')],
      ahead: { digest: D('d'), actor: 'ops@acme.example' },
    });
  });

  it('is the first approval where there is none', () => {
    const rsync = ahead(buildRSync());
    expect(rsync.annotations.approved.text).toBe(D('d'));
    expect(JSON.parse(rsync.annotations.receipt.text ?? '')).toEqual(RECEIPT);
  });

  it.each([
    ['approved already', () => approved(D('d'))],
    ['a chart', () => buildRSync({ source: helmSource('1.2.3') })],
  ])('changes nothing of what is %s', (_, rsync) => {
    expect(approveAhead(rsync(), RECEIPT)).toBeUndefined();
  });

  it.each(['{', 'null', '{"image":1}'])(
    'leaves a receipt alone that is not ours: %s',
    (receipt) => {
      const rsync = buildRSync({ annotations: { approved: D('a'), receipt } });
      expect(textsOf(ahead(rsync))).toMatchObject({ approved: `${D('a')} ${D('d')}`, receipt });
    },
  );
});

describe('decide() of what was approved ahead', () => {
  it('leaves it where it is while the tag stays', () => {
    const rsync = ahead(approved(D('a')));
    expect(decide(decisionInput(rsync, target(D('a')))).patch).toBeUndefined();
  });

  it.each(['warn', 'deny'] as const)(
    'takes a tag that moves to it for no downgrade, under downgrade: %s',
    (downgrade) => {
      const rsync = ahead(approved(D('a')));
      const decision = decide(decisionInput(rsync, target(D('d'), { ...RULE, downgrade })));
      expect(decision.downgrade).toBe(false);
      expect(decision.approved).toEqual([D('d'), D('a')]);
      const after = applyPatch(rsync, decision.patch);
      expect(after.annotations.receipt.text).not.toContain('"ahead"');
      const back = decide(decisionInput(after, target(D('a'))));
      expect(back.downgrade).toBe(true);
    },
  );

  it('keeps its place behind another push, and its note', () => {
    const rsync = ahead(approved(D('a')));
    const decision = decide(decisionInput(rsync, target(D('b'))));
    expect(decision.approved).toEqual([D('b'), D('a'), D('d')]);
    const after = applyPatch(rsync, decision.patch);
    expect(after.annotations.receipt.text).toContain(`"ahead":{"digest":"${D('d')}"`);
  });
});
