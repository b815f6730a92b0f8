import { describe, expect, it } from 'vitest';
import { decide } from '#shared/core/decide.ts';
import { hexOf } from '#shared/core/digest.ts';
import type { Condition, SyncStatus } from '#shared/core/rsync.ts';
import { VERIFIED, decisionInput, followed } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { buildRSync, liveStatus } from '#test/fixtures/rsync.ts';

const LIVE = liveStatus(B);
const PULLED = { ...LIVE, source: liveStatus(A).source };

function syncing(reason: string, status: Condition['status'] = 'True'): Condition {
  return { status, reason, message: reason, commit: hexOf(A), errorCount: 0 };
}

/** What is said of an RSync that was just approved for A, with B live before it. */
function look(status: SyncStatus) {
  const annotations = { approved: `${A} ${B}` };
  return decide(decisionInput(buildRSync({ status, annotations }), followed(A, VERIFIED)))
    .observation;
}

describe('an approval that is not live yet', () => {
  it.each([
    [
      'that Config Sync has pulled, and leaves at Source until a retry or the hourly sync',
      'next retry or hourly sync',
      { ...PULLED, syncing: syncing('Source') },
    ],
    ['that it is applying', 'not yet live', { ...PULLED, syncing: syncing('Sync') }],
    ['that it has not pulled', 'not yet live', { ...LIVE, syncing: syncing('Source') }],
    ['that it has not seen at all', 'not yet live', LIVE],
    [
      'while its reconciler is rolled out',
      'rolls its reconciler out',
      { ...LIVE, reconciling: syncing('Deployment') },
    ],
  ])('%s is Approved: %s', (_, message, status) => {
    const observation = look(status);
    expect(observation.phase).toBe('Approved');
    expect(observation.message).toContain(message);
  });
});
