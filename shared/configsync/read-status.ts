import type { Condition, Stage, SyncStatus } from '#shared/core/rsync.ts';
import { type ForeignCondition, type ForeignStage, statusSchema } from './schema.ts';

/** Reads `status` of an RSync; never throws, and what cannot be read is absent. */
export function readStatus(status: unknown): SyncStatus {
  const parsed = statusSchema.parse(status);
  const { observedGeneration, lastSyncedCommit, conditions } = parsed;
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(lastSyncedCommit === undefined ? {} : { lastSyncedCommit }),
    source: readStage(parsed.source),
    rendering: readStage(parsed.rendering),
    sync: readStage(parsed.sync),
    ...readConditions(conditions),
  };
}

function readStage(stage: ForeignStage): Stage {
  if (stage === undefined) return { errors: [], errorCount: 0 };
  const { commit, lastUpdate, errors, errorSummary } = stage;
  const image = stage.ociStatus?.image;
  return {
    // Config Sync writes an empty commit where it has none, after a failed pull for one.
    ...(commit === undefined || commit === '' ? {} : { commit }),
    ...(image === undefined ? {} : { image }),
    ...(lastUpdate === undefined ? {} : { lastUpdate }),
    errors: errors.map(({ code, errorMessage }) => ({
      code: code.replace(/^KNV/, ''),
      message: errorMessage,
    })),
    errorCount: Math.max(errorSummary?.totalCount ?? 0, errors.length),
  };
}

function readConditions(
  conditions: readonly ForeignCondition[],
): Pick<SyncStatus, 'reconciling' | 'stalled' | 'syncing'> {
  const reconciling = readCondition(conditions, 'Reconciling');
  const stalled = readCondition(conditions, 'Stalled');
  const syncing = readCondition(conditions, 'Syncing');
  return {
    ...(reconciling === undefined ? {} : { reconciling }),
    ...(stalled === undefined ? {} : { stalled }),
    ...(syncing === undefined ? {} : { syncing }),
  };
}

function readCondition(
  conditions: readonly ForeignCondition[],
  type: string,
): Condition | undefined {
  const found = conditions.find((condition) => condition.type === type);
  if (found === undefined) return undefined;
  const { status, reason, message, commit, errorSummary, errors, errorSourceRefs } = found;
  return {
    status,
    reason,
    message,
    ...(commit === undefined || commit === '' ? {} : { commit }),
    errorCount: Math.max(errorSummary?.totalCount ?? 0, errors?.length ?? 0),
    ...(errorSummary?.truncated === true
      ? { truncatedTo: errorSummary.errorCountAfterTruncation }
      : {}),
    ...(errorSourceRefs ? { errorSources: errorSourceRefs } : {}),
  };
}
