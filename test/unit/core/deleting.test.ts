import { describe, expect, it } from 'vitest';
import { APPROVED } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { Unfollowed } from '#shared/core/unfollowed.ts';
import { formatReceipt } from '#shared/core/receipt.ts';
import {
  NOW,
  OTHER_POLICY,
  POLICY,
  UNSIGNED,
  UNTRUSTED,
  VERIFIED,
  decisionInput,
  followed,
} from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE, buildRSync, liveStatus, type RSyncParts } from '#test/fixtures/rsync.ts';

const MINUTE = 60_000;
const REFUSED: Unfollowed = { phase: 'Refused', message: 'The gate refuses it' };

/** One that is being deleted for `ago` milliseconds; `sweep.deletingAfter` is ten minutes here. */
function deleting(ago: number, overrides: RSyncParts = {}): RSync {
  const deletingSince = new Date(NOW.getTime() - ago).toISOString();
  const receipt = formatReceipt({
    image: IMAGE,
    digest: A,
    verdict: 'verified',
    authorities: ['release-key'],
    policy: POLICY,
    resolvedAt: '2026-11-22T05:00:00Z',
    approvedAt: '2026-11-22T05:00:00Z',
    enforcement: 'digest',
    reason: 'push',
  });
  return buildRSync({
    deleting: true,
    deletingSince,
    annotations: { approved: A, receipt },
    status: liveStatus(A),
    ...overrides,
  });
}

describe('an RSync that is being deleted', () => {
  it.each([
    ['what is approved is live', deleting(MINUTE), followed(A, VERIFIED), 'Ignored'],
    [
      'what is live is not approved',
      deleting(MINUTE, { status: liveStatus(B) }),
      followed(A, VERIFIED),
      'Unguarded',
    ],
    [
      'what is live is not approved, and unsigned',
      deleting(MINUTE, { status: liveStatus(B) }),
      followed(B, UNSIGNED),
      'Unguarded',
    ],
    [
      'just before the grace period ends',
      deleting(10 * MINUTE - 1),
      followed(A, VERIFIED),
      'Ignored',
    ],
    ['when the grace period ends', deleting(10 * MINUTE), followed(A, VERIFIED), 'Stalled'],
    [
      'when the time of its deletion cannot be read',
      { ...deleting(0), deletingSince: '' },
      followed(A, VERIFIED),
      'Ignored',
    ],
  ])('%s', (_, rsync, target, phase) => {
    const { observation, transition } = decide(decisionInput(rsync, target));
    expect(observation.phase).toBe(phase);
    const again = decide(decisionInput(rsync, target, { previous: transition.record }));
    expect(again.transition.events).toEqual([]);
  });

  it('names the finalizers that keep it', () => {
    const rsync = deleting(11 * MINUTE, { heldBy: ['his/own'] });
    const { observation } = decide(decisionInput(rsync, followed(A, VERIFIED)));
    expect(observation.message).toContain('"his/own"');
  });

  it.each([
    ['the gate refuses it', REFUSED, 'Unguarded'],
    ['it is none of our business', undefined, 'Ignored'],
  ] as const)('is looked at without an entry of the config where %s', (_, unfollowed, phase) => {
    const rsync = deleting(MINUTE, { annotations: {} });
    const input = decisionInput(rsync, undefined, unfollowed ? { unfollowed } : {});
    expect(decide(input).observation.phase).toBe(phase);
  });

  it('is approved nothing', () => {
    const rsync = deleting(MINUTE, { annotations: {}, status: buildRSync().status });
    expect(decide(decisionInput(rsync, followed(A, VERIFIED))).patch).toBeUndefined();
  });

  it('loses what does not verify under a changed policy', () => {
    const target = followed(A, UNTRUSTED, { policy: OTHER_POLICY });
    const { patch, observation } = decide(decisionInput(deleting(MINUTE), target));
    expect(patch?.annotations).toEqual({ [APPROVED]: '' });
    expect(observation.phase).toBe('Unguarded');
  });

  it('recovers once it is gone to what it was: the failure is not reported again', () => {
    const rsync = deleting(10 * MINUTE);
    const first = decide(decisionInput(rsync, followed(A, VERIFIED)));
    expect(first.transition.events).toContain('stalled');
    const later = { previous: first.transition.record, now: new Date(NOW.getTime() + MINUTE) };
    const second = decide(decisionInput(rsync, followed(A, VERIFIED), later));
    expect(second.transition.events).toEqual([]);
    expect(second.transition.record.failure?.phase).toBe('Stalled');
  });
});

describe('an RSync that no entry of the config follows any more', () => {
  it.each([
    ['loses its approvals', true, { [APPROVED]: '' }],
    ['keeps them while the brake holds', false, undefined],
  ])('%s', (_, withdraw, annotations) => {
    const rsync = buildRSync({ annotations: { approved: `${A} ${B}` } });
    const settings = { blockedAfterMs: 1, deletingAfterMs: 1, liveAfterMs: 600_000, withdraw };
    const previous = { phase: 'Synced', since: NOW.toISOString(), approved: A } as const;
    const { patch, transition } = decide(decisionInput(rsync, undefined, { settings, previous }));
    expect(patch?.annotations).toEqual(annotations);
    expect(transition.events).toEqual(withdraw ? ['withdrawn'] : []);
  });

  it('has nothing to lose where nothing is approved', () => {
    const rsync = buildRSync({ annotations: { approved: '' } });
    expect(decide(decisionInput(rsync, undefined)).patch).toBeUndefined();
  });
});
