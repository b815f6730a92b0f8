import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Found } from '#shared/rollouts/find-rule.ts';
import type { StagedDeps } from './deps.ts';
import { freezeNow } from './freeze-now.ts';

/** A roll-out that is recorded, and how the config has its image rolled out. */
export interface FoundRollout extends Found {
  readonly entry: Entry;
  readonly record: RolloutRecord;
}

/** The roll-out of an entry; undefined where its record is lost. */
export function rolloutOf(
  entry: Entry,
  { find }: Pick<StagedDeps, 'find'>,
): FoundRollout | undefined {
  const { image, record } = entry;
  return record && { entry, record, ...find(image) };
}

/**
 * The roll-out of that id; undefined where no record has it: there never was one, or a newer digest has replaced it.
 * Throws `store-unavailable`, `records-unavailable`.
 */
export async function findRollout(
  id: string,
  deps: Pick<StagedDeps, 'staging' | 'rules' | 'now'>,
): Promise<FoundRollout | undefined> {
  const entries = await deps.staging.records.list();
  const entry = entries.find(({ record }) => record?.id === id);
  return entry && rolloutOf(entry, await freezeNow(deps));
}
