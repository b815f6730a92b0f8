import { formatReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { SyncEventType } from '#shared/core/transition.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncEvent } from '#shared/status/events.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import type { Written } from './write.ts';

/** The reconcile that tells. */
export interface ToldBy {
  readonly member: Member;
  /** What names its task, the same at each delivery of it. */
  readonly cause: string;
}

/** Publishes every transition of one RSync, in order; the caller records it afterwards. */
export async function reportSync(
  written: Written,
  row: SyncRow | undefined,
  by: ToldBy,
  { publish }: Pick<ImageDeps, 'publish'>,
): Promise<void> {
  for (const type of written.decision.transition.events) {
    await publish(describe(type, written, row, by));
  }
}

/** Publishes the recovery of failures whose RSync is gone: nothing else will ever end them. */
export async function reportGone(
  rows: readonly SyncRow[],
  rsyncs: readonly RSync[],
  cluster: string,
  { publish, now }: Pick<ImageDeps, 'publish' | 'now'>,
  message = 'The RSync is gone',
): Promise<void> {
  const present = new Set(rsyncs.map(({ uid }) => uid));
  for (const row of rows) {
    if (present.has(row.uid) || row.record.failure === undefined) continue;
    await publish({
      type: 'sync.recovered',
      uid: row.uid,
      replaced: row.record,
      data: {
        ...(row.image === undefined ? {} : { image: row.image }),
        cluster,
        sync: row.sync,
        phase: 'Ignored',
        previous: { phase: row.record.phase, since: row.record.since },
        since: now().toISOString(),
        errors: [],
        message,
      },
    });
  }
}

function describe(
  type: SyncEventType,
  written: Written,
  row: SyncRow | undefined,
  { member, cause }: ToldBy,
): SyncEvent {
  const { rsync, followed, decision } = written;
  const { observation, transition, downgrade } = decision;
  const verdict = followed?.verdict;
  const allowedUnsigned = verdict?.status === 'verified' && verdict.allowedUnsigned === true;
  const unverified = type === 'synced' && verdict !== undefined && verdict.status !== 'verified';
  const warns = (type === 'approved' && (downgrade || allowedUnsigned)) || unverified;
  const digest = type === 'approved' ? decision.approved[0] : observation.digest;
  const previous = row?.record;
  const image = followed?.resolved ? formatReference(followed.resolved.reference) : row?.image;
  return {
    type: `sync.${type}`,
    uid: rsync.uid,
    replaced: previous,
    // What else is told where nothing is on record is the same news from whoever comes first.
    ...(previous === undefined && type === 'recovered' ? { cause } : {}),
    ...(warns ? { severity: 'WARNING' } : {}),
    ...(type === 'synced' ? approvedAtOf(rsync, digest) : {}),
    data: {
      ...(image === undefined ? {} : { image }),
      ...(digest === undefined ? {} : { digest }),
      cluster: member.name,
      sync: formatSyncRef(rsync.ref),
      phase: type === 'approved' ? 'Approved' : observation.phase,
      ...(previous === undefined
        ? {}
        : { previous: { phase: previous.phase, since: previous.since } }),
      ...(verdict === undefined
        ? {}
        : { verdict: verdict.status, reasons: [...reasonsOf(verdict)] }),
      ...(verdict?.status === 'verified' ? { authorities: [...verdict.authorities] } : {}),
      since: transition.record.since,
      errors: observation.errors.map(({ code, message }) => ({ code, message })),
      message: messageOf(type, written),
    },
  };
}

/** When `digest` was approved, where the receipt is still about it. */
function approvedAtOf(
  { annotations }: RSync,
  digest: string | undefined,
): { readonly approvedAt?: string } {
  const receipt = annotations.receipt.facts;
  return receipt !== undefined && receipt.digest === digest
    ? { approvedAt: receipt.approvedAt }
    : {};
}

function messageOf(
  type: SyncEventType,
  { rsync: { source }, followed, decision: { observation, downgrade } }: Written,
): string {
  switch (type) {
    case 'approved':
      if (downgrade) return 'Approved; its tag moved back to an older digest';
      // Config Sync records no digest for Helm (facts/config-sync.md section 2).
      return source.type === 'helm'
        ? 'Approved by chart and version, not by digest: make the tags of this repository immutable'
        : 'Approved';
    case 'withdrawn':
      return followed === undefined
        ? 'Approval withdrawn: no entry of images follows this source any more'
        : 'Approval withdrawn: it does not verify under the policy any more';
    default:
      return observation.message;
  }
}
