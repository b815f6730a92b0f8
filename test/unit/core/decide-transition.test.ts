import { describe, expect, it } from 'vitest';
import { decide } from '#shared/core/decide.ts';
import type { Phase, PhaseRecord } from '#shared/core/phase.ts';
import { type Digest, hexOf } from '#shared/core/digest.ts';
import type { RSync, SyncStatus } from '#shared/core/rsync.ts';
import { approvedRSync, idle, stalled, syncError } from '#test/fixtures/approved-rsync.ts';
import {
  NOW,
  UNSIGNED,
  UNTRUSTED,
  VERIFIED,
  decisionInput,
  followed,
} from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { buildRSync, liveStatus } from '#test/fixtures/rsync.ts';

/** A is live, and Config Sync was refused what it pulled since. */
function refusedOf(digest: Digest): SyncStatus {
  const { source, ...status } = liveStatus(A);
  const errors = [{ code: '2002', message: 'not approved' }];
  return { ...status, source: { ...source, commit: hexOf(digest), errors, errorCount: 1 } };
}

/** A is live, and Config Sync has begun with what it pulled since. */
function triedAgain(digest: Digest): SyncStatus {
  const { source, ...status } = liveStatus(A);
  return { ...status, source: { ...source, commit: hexOf(digest) } };
}

/** A was live, `digest` was applied in part, and Config Sync was refused what it pulled since. */
function halfApplied(digest: Digest, next: Digest): SyncStatus {
  const { sync, ...status } = refusedOf(next);
  const errors = [{ code: '2009', message: 'failed to apply' }];
  return { ...status, sync: { ...sync, commit: hexOf(digest), errors, errorCount: 1 } };
}

const unsigned = followed(A, UNSIGNED);
const verified = followed(A, VERIFIED);

describe('transitions', () => {
  const SINCE = '2026-11-22T05:30:00.000Z';
  const was = (phase: Phase, overrides: Partial<PhaseRecord> = {}): PhaseRecord => ({
    phase,
    digest: A,
    since: SINCE,
    ...overrides,
  });
  const open = (phase: 'Failed' | 'Blocked' | 'Stalled' | 'Unguarded'): PhaseRecord =>
    was(phase, { approved: A, failure: { phase, since: SINCE } });
  const live = approvedRSync(liveStatus(A));
  const failing = approvedRSync(syncError);

  it.each<[string, PhaseRecord | undefined, RSync, typeof verified | undefined, string[]]>([
    ['first seen, ignored', undefined, buildRSync(), undefined, []],
    ['first seen, unsigned', undefined, buildRSync(), unsigned, []],
    ['first seen, verified', undefined, buildRSync(), verified, ['approved']],
    ['first seen, live', undefined, live, verified, ['approved', 'recovered', 'synced']],
    ['forgotten, and on its way', undefined, approvedRSync(idle), verified, ['approved']],
    ['forgotten, and ignored', undefined, live, undefined, ['recovered']],
    ['Pending, then approved', was('Pending'), buildRSync(), verified, ['approved']],
    ['Rejected, then approved', was('Rejected'), buildRSync(), verified, ['approved']],
    ['Pending, and live already', was('Pending'), live, verified, ['approved', 'synced']],
    ['still Pending', was('Pending'), buildRSync(), unsigned, []],
    ['Pending, another digest', was('Pending', { digest: B }), buildRSync(), unsigned, []],
    ['Approved, then live', was('Approved', { approved: A }), live, verified, ['synced']],
    ['still Synced', was('Synced', { approved: A }), live, verified, []],
    [
      'Synced, then the next one live',
      was('Synced', { digest: B, approved: B }),
      live,
      verified,
      ['approved', 'synced'],
    ],
    ['Approved, then failing', was('Approved', { approved: A }), failing, verified, ['failed']],
    ['still Failed', open('Failed'), failing, verified, []],
    ['Failed, then live', open('Failed'), live, verified, ['recovered', 'synced']],
    ['Blocked, then live', open('Blocked'), live, verified, ['recovered', 'synced']],
    ['Stalled, then live', open('Stalled'), live, verified, ['recovered', 'synced']],
    [
      'Unguarded, then live and approved',
      open('Unguarded'),
      live,
      verified,
      ['recovered', 'synced'],
    ],
    ['Failed, then stalled', open('Failed'), approvedRSync(stalled), verified, ['stalled']],
    ['Failed, then ignored', open('Failed'), live, undefined, ['withdrawn', 'recovered']],
    [
      'Failed, then what ran before it is pulled again, the next one pending',
      open('Failed'),
      approvedRSync(liveStatus(B)),
      followed(C, UNSIGNED),
      ['recovered'],
    ],
    [
      'forgotten, and live, the next one pending',
      undefined,
      live,
      followed(C, UNSIGNED),
      ['approved', 'recovered'],
    ],
    [
      'Blocked, as it could not be written, then live, the next one pending',
      was('Blocked', {
        approved: A,
        failure: { phase: 'Blocked', since: SINCE, before: 'Synced' },
      }),
      live,
      followed(C, UNSIGNED),
      ['recovered'],
    ],
    [
      'Failed, then rejected, its errors still there',
      open('Failed'),
      failing,
      followed(C, UNTRUSTED),
      [],
    ],
    [
      'Failed, and what failed is live now, the next one pending',
      was('Pending', {
        digest: C,
        approved: A,
        failure: { phase: 'Failed', since: SINCE, digest: A, before: 'Approved' },
      }),
      live,
      followed(C, UNSIGNED),
      ['recovered'],
    ],
    [
      'Unguarded, then what is approved runs again, the next one pending',
      was('Unguarded', {
        digest: C,
        approved: A,
        failure: { phase: 'Unguarded', since: SINCE, digest: C, before: 'Synced' },
      }),
      live,
      followed(B, UNSIGNED),
      ['recovered'],
    ],
    [
      'Stalled, then live, the next one pending and refused',
      was('Stalled', {
        approved: A,
        failure: { phase: 'Stalled', since: SINCE, digest: A, before: 'Approved' },
      }),
      approvedRSync(refusedOf(C)),
      followed(C, UNSIGNED),
      ['recovered'],
    ],
    [
      'Failed with the newest approval, then the next one pending and refused',
      was('Failed', {
        digest: B,
        approved: B,
        failure: { phase: 'Failed', since: SINCE, digest: B, before: 'Approved' },
      }),
      buildRSync({ annotations: { approved: `${B} ${A}` }, status: refusedOf(C) }),
      followed(C, UNSIGNED),
      ['recovered'],
    ],
    [
      'Failed with the newest approval, which is tried again, the next one pending',
      was('Failed', {
        digest: B,
        approved: B,
        failure: { phase: 'Failed', since: SINCE, digest: B, before: 'Approved' },
      }),
      buildRSync({ annotations: { approved: `${B} ${A}` }, status: triedAgain(B) }),
      followed(C, UNSIGNED),
      [],
    ],
    [
      'Blocked, and still refused, the next one pending',
      was('Blocked', {
        approved: A,
        failure: { phase: 'Blocked', since: SINCE, digest: A, before: 'Approved' },
      }),
      approvedRSync(refusedOf(A)),
      followed(C, UNSIGNED),
      [],
    ],
    [
      'refused, then pending as before',
      was('Refused', { failure: { phase: 'Refused', since: SINCE, before: 'Pending' } }),
      buildRSync(),
      unsigned,
      ['recovered'],
    ],
    [
      'refused at first sight, then pending',
      was('Refused', { failure: { phase: 'Refused', since: SINCE } }),
      buildRSync(),
      unsigned,
      ['recovered'],
    ],
    [
      'Failed with the newest approval, its errors still there, the next one pending and refused',
      was('Failed', {
        digest: B,
        approved: B,
        failure: { phase: 'Failed', since: SINCE, digest: B, before: 'Approved' },
      }),
      buildRSync({ annotations: { approved: `${B} ${A}` }, status: halfApplied(B, C) }),
      followed(C, UNSIGNED),
      [],
    ],
    [
      'Failed with one digest, then the next approved',
      was('Failed', { digest: B, approved: B, failure: { phase: 'Failed', since: SINCE } }),
      approvedRSync(liveStatus(B)),
      verified,
      ['approved'],
    ],
    [
      'Synced, then withdrawn by hand',
      was('Synced', { approved: A }),
      buildRSync({ annotations: { approved: '' } }),
      unsigned,
      ['withdrawn'],
    ],
    [
      'the newest withdrawn, the one before it left',
      was('Approved', { approved: A }),
      buildRSync({ annotations: { approved: B } }),
      unsigned,
      ['withdrawn'],
    ],
  ])('%s', (_, previous, rsync, target, events) => {
    const input = decisionInput(rsync, target, previous === undefined ? {} : { previous });
    const { transition } = decide(input);
    expect(transition.events).toEqual(events);
    const again = decide({ ...input, previous: transition.record });
    expect(again.transition.events).toEqual([]);
  });

  it('keeps since while nothing changes, and the failure open while an approval is on its way', () => {
    const previous = was('Failed', {
      digest: B,
      approved: B,
      failure: { phase: 'Failed', since: SINCE },
    });
    const onItsWay = decide(decisionInput(approvedRSync(liveStatus(B)), verified, { previous }));
    expect(onItsWay.transition.record).toEqual({
      phase: 'Approved',
      digest: A,
      approved: A,
      since: NOW.toISOString(),
      failure: { phase: 'Failed', since: SINCE },
    });
    const same = decide(
      decisionInput(approvedRSync(liveStatus(A)), verified, {
        previous: was('Synced', { approved: A }),
      }),
    );
    expect(same.transition.record.since).toBe(SINCE);
  });
});
