import type { ClusterPhase } from '#shared/core/phase.ts';
import type { PresentPhase } from './present-row.ts';

/**
 * Phases in which nothing is wrong with an RSync, or a cluster: what waits for its stage, or for Config Sync, runs what it
 * ran. What waits for too long has another phase, or a cause. What waits for a signature waits for a person: `Pending` is
 * not among them.
 */
export const WELL: ReadonlySet<string> = new Set<PresentPhase | ClusterPhase>([
  'Synced',
  'Ignored',
  'Waiting',
  'Approved',
  'Reachable',
]);

/** Whether something is wrong with an RSync: with one under break-glass, always. */
export function isUnwell({
  phase,
  breakGlass,
}: {
  readonly phase: string;
  readonly breakGlass?: string | undefined;
}): boolean {
  return breakGlass !== undefined || !WELL.has(phase);
}
