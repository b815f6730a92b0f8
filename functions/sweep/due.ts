import type { Phase } from '#shared/core/phase.ts';
import type { ClusterRecord } from '#shared/store/store.ts';

/** Phases that stay as they are until somebody does something: nothing to look for each minute. */
const SETTLED = new Set<Phase>(['Synced', 'Ignored']);

/**
 * Whether a cluster is to be looked at now: nothing is known of it, something on it is unsettled, or its turn within
 * the period has come.
 */
export function isDue(record: ClusterRecord | undefined, now: Date, periodMs: number): boolean {
  if (record?.reconciledAt === undefined || record.phase !== 'Reachable') return true;
  if (record.syncs.some(({ record: { phase } }) => !SETTLED.has(phase))) return true;
  return now.getTime() - Date.parse(record.reconciledAt) >= periodMs;
}
