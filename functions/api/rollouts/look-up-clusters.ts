import type { Release } from '#shared/core/track/track.ts';
import { findCluster } from '../find-cluster.ts';
import type { StagedDeps } from './deps.ts';

/** What a decision names, looked up. */
export interface Named {
  /** By their full names. */
  readonly clusters: readonly string[];
  /** What to go back to, or to start. */
  readonly target?: Target;
  /** Why what is named does not verify. */
  readonly unverified?: string;
  /** What the tag names, where that is another than the target. */
  readonly passedOver?: string;
  /** Where versions are followed: the tag and version of that. */
  readonly passedRelease?: Release;
  /** Trust policies that the digest meets, of those that stages ask for. */
  readonly signedBy?: readonly string[];
}

export interface Target {
  /** Approval key. */
  readonly key: string;
  /** The index that it is a child of. */
  readonly index?: string;
  /** By the registry's clock. */
  readonly resolvedAt: string;
  /** Where versions are followed: its tag and version, where these are known. */
  readonly release?: Release;
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
