import { parseImageToSync } from './annotations.ts';
import { approvalKey, glassKey } from './approval-key.ts';
import type { Decision } from './decide.ts';
import type { Followed } from './decision-input.ts';
import type { RSync } from './rsync.ts';

/** One write of Config Sync's that rule (a) of the gate would refuse (docs/gate.md). */
export interface GateRefusal {
  /** What is not approved: an approval key; absent where nothing that could be approved is announced. */
  readonly key?: string;
  readonly because: RefusalReason;
  readonly message: string;
}

export type RefusalReason =
  /** It announces nothing that could be verified: git, and Helm over http. */
  | 'other-source'
  /** Countersign does not follow it here, and so approves nothing. */
  | 'not-followed'
  /** Countersign would not approve it: unsigned, untrusted, unusable, or moved back. */
  | 'not-approvable'
  /** It verifies, and its approval is not written yet. */
  | 'not-approved-yet'
  /** Announced and not what the image's tag names any more. */
  | 'outdated';

/**
 * What the gate would refuse of an RSync as it stands: what its reconciler announces now, and what it will announce
 * when it pulls the target. `decision` is what a reconcile would do. What is outside the gate's scope
 * (`unmatched: ignore`, `otherSources: ignore`) is not for the caller to ask about.
 */
export function refusalsToday(
  rsync: RSync,
  followed: Followed | undefined,
  decision: Decision,
): readonly GateRefusal[] {
  if (rsync.deleting) return [];
  const { message } = decision.observation;
  if (rsync.source.type === 'other') return [{ because: 'other-source', message }];
  const target = followed?.resolved?.key;
  const announced = announcedKey(rsync);
  const keys = [...new Set([announced, target])].filter((key) => key !== undefined);
  if (keys.length === 0) {
    const because = followed === undefined ? 'not-followed' : 'not-approvable';
    return [{ because, message }];
  }
  return keys
    .filter((key) => !passes(rsync, key))
    .map((key) => {
      if (followed === undefined) return { key, because: 'not-followed', message };
      if (decision.approved.includes(key)) {
        const verified = 'Verified; the next sweep approves it';
        return { key, because: 'not-approved-yet', message: verified };
      }
      if (key === target || target === undefined)
        return { key, because: 'not-approvable', message };
      return { key, because: 'outdated', message: 'Announced, and no longer what its tag names' };
    });
}

/** What the reconciler announces of this spec: a value that an earlier one left behind is about to be replaced. */
function announcedKey({ source, annotations }: RSync): string | undefined {
  const value = parseImageToSync(annotations.imageToSync ?? '');
  if (value === undefined) return undefined;
  const named = source.type === 'oci' ? source.image : source.type === 'helm' ? source.repo : '';
  return value.source === named ? approvalKey(source, value.commit) : undefined;
}

function passes({ annotations }: RSync, key: string): boolean {
  return annotations.approved.keys.includes(key) || glassKey(annotations) === key;
}
