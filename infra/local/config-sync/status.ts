import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Stage, Status, SyncError, Condition, Spec } from './rsync.ts';

/** What one stage found for one commit: 64 hex digits, a chart's version, or empty where nothing could be pulled. */
export interface StageResult {
  readonly commit: string;
  readonly source: SourceStatus;
  readonly errors: readonly SyncError[];
}

/** `status.source`, and Syncing with reason Source: False where there are errors. */
export function setSource(status: Status, result: StageResult, now: string): Status {
  const next = { ...status, source: stageOf(result, now) };
  return setCondition(next, 'Syncing', syncingText('Source', 'Source', result), now);
}

/** `status.rendering`, and Syncing with reason Rendering: False where there are errors. */
export function setRendering(
  status: Status,
  result: StageResult & { readonly message: string },
  now: string,
): Status {
  const { message } = result;
  const next = { ...status, rendering: { ...stageOf(result, now), message } };
  return setCondition(next, 'Syncing', syncingText('Rendering', message, result), now);
}

/**
 * `status.sync`, while it syncs and when it has: Syncing speaks of it only where source and rendering are at the same
 * commit, and only a sync without any error moves `lastSyncedCommit`.
 */
export function setSync(
  status: Status,
  result: StageResult & { readonly syncing: boolean },
  now: string,
): Status {
  const { commit, syncing } = result;
  const next: Status = { ...status, sync: stageOf(result, now) };
  const { source, rendering } = next;
  if (source?.commit !== commit || rendering?.commit !== commit) return next;
  const stages = { source, rendering, sync: next.sync };
  const failed = Object.entries(stages).filter(([, stage]) => (stage?.errors ?? []).length > 0);
  const count = failed.reduce((sum, [, stage]) => sum + (stage?.errorSummary?.totalCount ?? 0), 0);
  const text = {
    status: syncing ? 'True' : 'False',
    reason: 'Sync',
    message: syncing ? 'Syncing' : 'Sync Completed',
    commit,
    ...(failed.length === 0 ? {} : { errorSourceRefs: failed.map(([name]) => refOf(name)) }),
    errorSummary: summarize(count),
  };
  const done = !syncing && count === 0 ? { ...next, lastSyncedCommit: commit } : next;
  return setCondition(done, 'Syncing', text, now);
}

function stageOf({ commit, source, errors }: StageResult, now: string): Stage {
  return {
    ...(commit === '' ? {} : { commit }),
    ...source,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
    errorSummary: summarize(errors.length),
    lastUpdate: now,
  };
}

function syncingText(reason: string, message: string, { commit, errors }: StageResult) {
  const failed = errors.length > 0;
  return {
    status: failed ? 'False' : 'True',
    reason,
    message,
    ...(commit === '' ? {} : { commit }),
    ...(failed ? { errorSourceRefs: [refOf(reason.toLowerCase())] } : {}),
    errorSummary: summarize(errors.length),
  };
}

function refOf(stage: string): string {
  return `status.${stage}.errors`;
}

/** What reconciler-manager has seen: the only one to write these two. */
export interface Observed {
  readonly generation: number;
  readonly reconciler: string;
}

/** A spec that cannot be worked with: Stalled, reason Validation; a Syncing condition goes. */
export function stall(status: Status, observed: Observed, message: string, now: string): Status {
  const begun = observe(status, observed);
  const text = { status: 'True', reason: 'Validation', message, errorSummary: summarize(1) };
  const stalled = setCondition(begun, 'Stalled', text, now);
  return isTrue(begun, 'Stalled') ? stalled : removeCondition(stalled, 'Syncing');
}

/** The reconciler's Deployment is being rolled out: Reconciling, reason Deployment; a Syncing condition goes. */
export function beginRollout(status: Status, observed: Observed, now: string): Status {
  const begun = observe(status, observed);
  const message = `Deployment ${observed.reconciler} is being rolled out`;
  const text = { status: 'True', reason: 'Deployment', message };
  const reconciling = setCondition(begun, 'Reconciling', text, now);
  const cleared = clearCondition(reconciling, 'Stalled', now);
  return isTrue(begun, 'Reconciling') ? cleared : removeCondition(cleared, 'Syncing');
}

/** The reconciler's Deployment is ready: neither Reconciling nor Stalled any more. */
export function finishRollout(status: Status, observed: Observed, now: string): Status {
  const cleared = clearCondition(observe(status, observed), 'Reconciling', now);
  return clearCondition(cleared, 'Stalled', now);
}

/** As Go writes a count of errors: zeros are left out, and with them everything. */
function summarize(count: number): NonNullable<Stage['errorSummary']> {
  return count === 0 ? {} : { totalCount: count, errorCountAfterTruncation: count };
}

function observe(status: Status, { generation, reconciler }: Observed): Status {
  // Go writes the stages even while they hold nothing, with a null for the time that they lack.
  const none = { lastUpdate: null };
  const { source = none, rendering = none, sync = none } = status;
  return { ...status, source, rendering, sync, observedGeneration: generation, reconciler };
}

type ConditionType = 'Reconciling' | 'Stalled' | 'Syncing' | 'ReconcilerFinalizing';

/** What a condition says, apart from its type and times. */
type ConditionText = Pick<
  Condition,
  'status' | 'reason' | 'message' | 'commit' | 'errorSourceRefs' | 'errorSummary'
>;

/** The status with one condition set; its times move only where it says something new, `now` as RFC 3339. */
export function setCondition(
  status: Status,
  type: ConditionType,
  text: ConditionText,
  now: string,
): Status {
  const conditions = status.conditions ?? [];
  const old = findCondition(status, type);
  if (old !== undefined && isDeepStrictEqual(textOf(old), text)) return status;
  const since = old?.status === text.status ? (old.lastTransitionTime ?? now) : now;
  const set: Condition = { type, ...text, lastUpdateTime: now, lastTransitionTime: since };
  const next =
    old === undefined
      ? [...conditions, set]
      : conditions.map((condition) => (condition === old ? set : condition));
  return { ...status, conditions: next };
}

/** A condition that is True becomes False, with neither reason nor message; any other stays as it is. */
function clearCondition(status: Status, type: ConditionType, now: string): Status {
  if (!isTrue(status, type)) return status;
  return setCondition(status, type, { status: 'False' }, now);
}

/** The status without that condition. */
export function removeCondition(status: Status, type: ConditionType): Status {
  if (findCondition(status, type) === undefined) return status;
  const conditions = (status.conditions ?? []).filter((condition) => condition.type !== type);
  return { ...status, conditions };
}

/** Whether the condition is there and True. */
export function isTrue(status: Status, type: ConditionType): boolean {
  return findCondition(status, type)?.status === 'True';
}

function findCondition(status: Status, type: ConditionType): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

function textOf(condition: Condition): ConditionText {
  const { type: _, lastUpdateTime: _u, lastTransitionTime: _t, ...text } = condition;
  return text;
}

/** Where a stage's content comes from, as each stage of the status repeats it. */
type SourceStatus = Pick<Stage, 'ociStatus' | 'helmStatus'>;

/** The source of a valid spec; `commit` is what was pulled, which for Helm is the version. */
export function describeSource(spec: Spec, commit: string): SourceStatus {
  if (spec.sourceType === 'oci') {
    return { ociStatus: { image: spec.oci?.image ?? '', dir: normaliseDir(spec.oci?.dir) } };
  }
  if (spec.sourceType === 'git') return {};
  const { repo = '', chart = '' } = spec.helm ?? {};
  return { helmStatus: { repo, chart, version: commit } };
}

/** `spec.oci.dir` relative to the image's root, which is `.`. */
export function normaliseDir(dir = ''): string {
  return posix.join('.', dir.replace(/^\/+/, '')).replace(/(?<=.)\/$/, '');
}
