import { setCondition } from './conditions.ts';
import { summarize } from './manager-status.ts';
import type { Stage, Status, SyncError } from './schema.ts';
import type { SourceStatus } from './source-status.ts';

/** What one stage found for one commit: 64 hex digits, a chart's version, or empty where nothing could be pulled. */
export interface StageResult {
  readonly commit: string;
  readonly source: SourceStatus;
  readonly errors: readonly SyncError[];
}

/** What `status.rendering` says, word for word. */
export type RenderingMessage =
  | 'Rendering skipped'
  | 'Rendering is still in progress'
  | 'Rendering succeeded'
  | 'Rendering failed'
  | 'Rendering required but is currently disabled'
  | 'Rendering not required but is currently enabled';

/** `status.source`, and Syncing with reason Source: False where there are errors. */
export function setSource(status: Status, result: StageResult, now: string): Status {
  const next = { ...status, source: stageOf(result, now) };
  return setCondition(next, 'Syncing', syncingText('Source', 'Source', result), now);
}

/** `status.rendering`, and Syncing with reason Rendering: False where there are errors. */
export function setRendering(
  status: Status,
  result: StageResult & { readonly message: RenderingMessage },
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
