import type { Phase } from '#shared/core/phase.ts';
import { approvedOf, isStalled, liveOf } from '#test/faults/oracle/truth.ts';
import type { StageStatus, SyncObject } from '#test/faults/sim/cluster.ts';
import type { PlannedImage } from '#test/faults/world.ts';
import type { Times } from '#test/faults/functions.ts';
import type { ImageStatus } from './image-truth.ts';

/** Where one RSync stands, read from its object, the registry and the policy alone, as docs/events.md says it. */
export interface SyncTruth {
  /** `Unapproved`: what its tag names verifies, and Countersign has not approved it yet. */
  readonly phase: Exclude<Phase, 'Waiting'> | 'Unapproved';
  /** What the phase is about. */
  readonly digest?: string;
  /** What runs is approved, and Config Sync reports no error. */
  readonly clean: boolean;
  /** What its break-glass says. */
  readonly glass?: string;
}

/** What the observer remembers of one RSync, by its uid. */
export interface SyncMemory {
  /** Since when its newest approval, or its break-glass, is what it is. */
  approved: { readonly key: string; readonly since: number };
  /** Since when it waits to be live, in reach. */
  waiting: { readonly key: string; readonly since: number } | undefined;
}

export interface SyncFacts {
  readonly object: SyncObject;
  readonly image: PlannedImage;
  readonly reachable: boolean;
  /** What its tag names, and what the policy makes of that. */
  readonly target: string | undefined;
  readonly verdict: ImageStatus;
  readonly policy: string;
  readonly memory: SyncMemory;
  readonly times: Times;
  readonly now: number;
}

type Standing = Pick<SyncTruth, 'phase' | 'digest'>;

/** Reads the truth, and keeps its clocks. */
export function truthOf(facts: SyncFacts): SyncTruth {
  const clean = isClean(facts.object);
  const glass = glassOf(facts.object);
  const truth = { ...standingOf(facts), clean, ...(glass === undefined ? {} : { glass }) };
  if (!['Approved', 'Stalled'].includes(truth.phase)) facts.memory.waiting = undefined;
  // What is approved again later has been approved since then.
  if (truth.phase === 'Unguarded') facts.memory.approved = { key: '', since: facts.now };
  return truth;
}

function standingOf(facts: SyncFacts): Standing {
  const { object, image, target, verdict, policy } = facts;
  if (image.treated === 'none') return { phase: 'Refused' };
  if (isStalled(object)) return about('Stalled', target);
  const approved = approvedOf(object) ?? [];
  const glass = glassOf(object);
  const live = liveOf(object);
  if (live !== undefined && !approved.includes(live) && live !== glass) {
    return about('Unguarded', live);
  }
  if (verdict === 'verified') {
    return approved[0] === target && target !== undefined
      ? approvedOne(facts, target)
      : about('Unapproved', target);
  }
  if (target !== undefined) {
    const receipt = receiptOf(object);
    const stands = approved[0] === target && receipt.digest === target && receipt.policy === policy;
    if (stands || glass === target) return approvedOne(facts, target);
  }
  return about(verdict === 'unsigned' || verdict === 'incomplete' ? 'Pending' : 'Rejected', target);
}

/** What is approved: live, on its way, or in trouble. */
function approvedOne(facts: SyncFacts, key: string): Standing {
  const { object, memory, times, now, reachable } = facts;
  const { status } = object;
  if (memory.approved.key !== key) memory.approved = { key, since: now };
  const { since } = memory.approved;
  if (isLive(object, key)) return about('Synced', key);
  const commit = key.slice('sha256:'.length);
  const { source, lastSyncedCommit } = status;
  // The refusal of what is live already, from before its approval, stays until Config Sync tries again.
  const stale = lastSyncedCommit === commit && !(Date.parse(source?.lastUpdate ?? '') > since);
  if (source?.commit === commit && isRefused(source) && !stale) {
    return about(now - since > times.blockedAfterMs ? 'Blocked' : 'Approved', key);
  }
  const syncing = status.conditions?.find(({ type }) => type === 'Syncing');
  const stages = [status.source, status.rendering, status.sync];
  if (syncing?.status !== 'True' && stages.some((stage) => isErrorOf(stage, commit, since))) {
    return about('Failed', key);
  }
  if (!reachable) memory.waiting = undefined;
  else if (memory.waiting?.key !== key) {
    memory.waiting = { key, since: since === now ? decidedAt(object, now) : now };
  }
  const waited = now - (memory.waiting?.since ?? now);
  return about(waited > times.liveAfterMs ? 'Stalled' : 'Approved', key);
}

/** A write takes so long at the most, and is dated before. */
const WRITE_MS = 15_000;

/** When an approval was decided that is seen for the first time. */
function decidedAt(object: SyncObject, now: number): number {
  const { approvedAt } = receiptOf(object);
  const at = typeof approvedAt === 'string' ? Date.parse(approvedAt) : now;
  return Math.min(now, Math.max(now - WRITE_MS, at));
}

/** Config Sync's own rule: this spec, this commit, no error, and nothing under way. */
function isLive({ metadata, spec, status }: SyncObject, key: string): boolean {
  const commit = key.slice('sha256:'.length);
  const syncing = status.conditions?.find(({ type }) => type === 'Syncing');
  return (
    status.observedGeneration === metadata.generation &&
    status.lastSyncedCommit === commit &&
    syncing?.status === 'False' &&
    syncing.commit === commit &&
    (syncing.errorSummary?.totalCount ?? 0) === 0 &&
    status.sync?.ociStatus.image === spec.oci.image
  );
}

/** A pull that fails names no commit, and is about whatever is to be pulled since the approval. */
function isErrorOf(stage: StageStatus | undefined, commit: string, approvedAt: number): boolean {
  if (stage?.errors === undefined || isRefused(stage)) return false;
  return stage.commit === '' ? Date.parse(stage.lastUpdate) > approvedAt : stage.commit === commit;
}

function isRefused({ errors = [] }: StageStatus): boolean {
  return errors.some(({ code }) => code === '2002');
}

function isClean(object: SyncObject): boolean {
  const { source, rendering, sync } = object.status;
  const live = liveOf(object);
  const approved = approvedOf(object) ?? [];
  const errors = [source, rendering, sync].some((stage) => {
    if (stage?.errors === undefined) return false;
    // That the gate refuses what is not approved is no error of what runs.
    return !isRefused(stage) || approved.includes(`sha256:${stage.commit}`);
  });
  return !errors && live !== undefined && approved.includes(live);
}

function glassOf({ metadata }: SyncObject): string | undefined {
  return metadata.annotations['countersign.dev/break-glass']?.split(' ')[0];
}

/** What was approved, and under which policy. */
export function receiptOf({ metadata }: SyncObject): {
  readonly digest?: unknown;
  readonly policy?: unknown;
  readonly approvedAt?: unknown;
} {
  const text = metadata.annotations['countersign.dev/receipt'];
  const receipt: unknown = text === undefined ? {} : JSON.parse(text);
  return typeof receipt === 'object' && receipt !== null ? receipt : {};
}

function about(phase: SyncTruth['phase'], digest: string | undefined): Standing {
  return digest === undefined ? { phase } : { phase, digest };
}
