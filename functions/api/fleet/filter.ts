import { CLUSTER_PHASES } from '#shared/core/phase.ts';
import { parseReference } from '#shared/core/reference.ts';
import { formatSyncRef, parseSyncRef } from '#shared/core/sync-ref.ts';
import type { PresentRow } from './present.ts';
import type { FleetQuery } from '../schema/fleet.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';

/** What of the fleet is asked for, checked. */
export interface Filter {
  /** `host/path`. */
  readonly repository?: string;
  /** With `repository`: this very reference, in normal form up to its tag. */
  readonly tag?: string;
  /** With `repository`: what the RSync is on, or is to be on: a digest, or that of the index or chart behind it. */
  readonly digest?: string;
  readonly sync?: string;
  readonly phase?: string;
}

/** Throws `bad-reference`, `bad-request`. */
export function readFilter({ image, sync, phase }: FleetQuery): Filter {
  return {
    ...(image === undefined ? {} : imageFilter(image)),
    ...(sync === undefined ? {} : { sync: formatSyncRef(parseSyncRef(sync)) }),
    ...(phase === undefined ? {} : { phase }),
  };
}

/** A tag counts only where it was written: the normal form of none is `latest`. */
function imageFilter(image: string): Pick<Filter, 'repository' | 'tag' | 'digest'> {
  const { repository, tag, digest } = parseReference(image);
  const [name = ''] = image.split('@', 1);
  return {
    repository,
    ...(tag !== undefined && name.endsWith(`:${tag}`) ? { tag } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Whether a cluster is of interest, RSyncs or none. */
export function wantsCluster(
  { repository, sync, phase }: Filter,
  record: Pick<ClusterRecord, 'phase' | 'follows'>,
): boolean {
  if (isClusterPhase(phase) && record.phase !== phase) return false;
  return repository === undefined || sync !== undefined || record.follows.includes(repository);
}

export function wantsSync(filter: Filter, row: PresentRow): boolean {
  const { repository, tag, digest, sync, phase } = filter;
  if (sync !== undefined && row.sync !== sync) return false;
  if (phase !== undefined && !isClusterPhase(phase) && row.present.phase !== phase) return false;
  if (repository === undefined) return true;
  if (row.image === undefined) return false;
  const reference = parseReference(row.image);
  if (reference.repository !== repository || (tag !== undefined && reference.tag !== tag)) {
    return false;
  }
  return digest === undefined || digestsOf(row).includes(digest);
}

/** Every digest that a person may have in hand for what this RSync is on, or is to be on. */
function digestsOf({ target, index, live, approval }: SyncRow): readonly (string | undefined)[] {
  return [target, index, live, approval?.digest, approval?.index];
}

/** Whether rows are asked for, so that a cluster without any is not worth a line. */
export function narrows({ repository, sync, phase }: Filter): boolean {
  return (
    repository !== undefined ||
    sync !== undefined ||
    (phase !== undefined && !isClusterPhase(phase))
  );
}

function isClusterPhase(phase: string | undefined): boolean {
  return CLUSTER_PHASES.some((known) => known === phase);
}
