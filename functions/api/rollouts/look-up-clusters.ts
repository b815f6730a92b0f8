import { findCluster } from '../find-cluster.ts';
import type { StagedDeps } from './deps.ts';

/** What a decision names, looked up. */
export interface Named {
  /** By their full names. */
  readonly clusters: readonly string[];
  /** What to go back to. */
  readonly target?: Target;
  /** Why what to go back to does not verify. */
  readonly unverified?: string;
}

export interface Target {
  /** Approval key. */
  readonly key: string;
  /** The index that it is a child of. */
  readonly index?: string;
}

export const NOTHING: Named = { clusters: [] };

/** Clusters of the fleet, as a caller names them. Throws `cluster-not-found`, `bad-request`. */
export async function lookUpClusters(
  names: readonly string[],
  { fleet }: Pick<StagedDeps, 'fleet'>,
): Promise<Named> {
  const members = await Promise.all(names.map((name) => findCluster(name, fleet)));
  return { clusters: members.map(({ name }) => name) };
}
