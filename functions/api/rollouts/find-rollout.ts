import { defined } from '#shared/core/defined.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import type { Entry } from '#shared/records/records.ts';
import type { ApiDeps } from '../deps.ts';

/** A roll-out that is recorded, and how the config has its image rolled out. */
export interface FoundRollout {
  readonly entry: Entry;
  readonly record: RolloutRecord;
  readonly rule?: ImageRule;
  /** Absent: taken away, or no entry of the config names the image any more. */
  readonly strategy?: Strategy;
}

export type FindDeps = Pick<ApiDeps, 'rules'> & { readonly staging: Staging };

/** The roll-out of an entry; undefined where its record is lost. */
export function rolloutOf(entry: Entry, { rules, staging }: FindDeps): FoundRollout | undefined {
  const { image, record } = entry;
  if (record === undefined) return undefined;
  const repository = tryReference(image)?.repository;
  const rule = repository === undefined ? undefined : rules.match(repository);
  return { entry, record, ...defined({ rule, strategy: rule && staging.strategies.of(rule) }) };
}

/**
 * The roll-out of that id; undefined where no record has it: there never was one, or a newer digest has replaced it.
 * Throws `store-unavailable`.
 */
export async function findRollout(id: string, deps: FindDeps): Promise<FoundRollout | undefined> {
  const entries = await deps.staging.records.list();
  const entry = entries.find(({ record }) => record?.id === id);
  return entry && rolloutOf(entry, deps);
}
