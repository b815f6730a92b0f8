import { defined } from '#shared/core/defined.ts';
import { CLUSTER_PHASES } from '#shared/core/phase.ts';
import { parseReference } from '#shared/core/reference.ts';
import {
  type Look,
  type PresentRow,
  type Troubles,
  presentRow,
} from '#shared/overview/present-row.ts';
import { streamOf } from '#shared/core/track/stream.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import { formatCursor, parseCursor } from '../cursor.ts';
import { type ImageFilter, imageFilter } from '../image-filter.ts';
import { DEFAULT_PAGE } from '../limits.ts';
import type { FleetQuery } from './operation.ts';

/** What of the fleet is asked for, checked. */
export interface Filter extends ImageFilter {
  readonly sync?: string;
  readonly phase?: string;
  /** In lower case. */
  readonly search?: string;
  readonly stage?: string;
}

export interface PageRequest {
  readonly filter: Filter;
  /** As the caller wrote it. */
  readonly cluster?: string;
  /** A label selector. */
  readonly labels?: string;
  readonly limit: number;
  readonly after?: Position;
}

/** Throws `bad-request`, `bad-reference`. */
export function readRequest(query: FleetQuery): PageRequest {
  const { image, sync, phase, stage, cluster, cursor, limit } = query;
  const search = query.search?.trim().toLowerCase() || undefined;
  const labels = query.labels?.trim() || undefined;
  return {
    filter: { ...imageFilter(image), ...defined({ sync, phase, stage, search }) },
    limit: limit === undefined ? DEFAULT_PAGE : Number(limit),
    ...defined({
      cluster,
      labels,
      after: cursor === undefined ? undefined : parsePosition(cursor),
    }),
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

/** Of a cluster's rows those that are asked for, as they stand now, in the order of a cursor. */
export function wantedRows(
  rows: readonly SyncRow[],
  look: Look & { readonly cluster: string },
  troubles: Troubles,
  filter: Filter,
): readonly PresentRow[] {
  const named = isNamed(filter, look.cluster);
  return rows
    .map((row) => presentRow(row, look, troubles))
    .filter((row) => wantsSync(filter, row) && (named || isFound(filter, row)))
    .toSorted((a, b) => (a.sync < b.sync ? -1 : 1));
}

/** Whether the cluster itself is what is searched for; so it is where nothing is. */
export function isNamed({ search }: Pick<Filter, 'search'>, cluster: string): boolean {
  return search === undefined || cluster.toLowerCase().includes(search);
}

function isFound({ search = '' }: Filter, { sync, image = '' }: PresentRow): boolean {
  return sync.toLowerCase().includes(search) || image.toLowerCase().includes(search);
}

function wantsSync(filter: Filter, row: PresentRow): boolean {
  const { repository, tag, digest, sync, phase, stage } = filter;
  if (sync !== undefined && row.sync !== sync) return false;
  if (stage !== undefined && row.staged?.stage !== stage) return false;
  if (phase !== undefined && !isClusterPhase(phase) && row.present.phase !== phase) return false;
  if (repository === undefined) return true;
  if (row.image === undefined) return false;
  const reference = parseReference(row.image);
  if (reference.repository !== repository) return false;
  // What follows versions is also found by the name of their record, as roll-outs have it.
  const isStream = row.tracked !== undefined && streamOf(repository) === `${repository}:${tag}`;
  if (tag !== undefined && !isStream && ![reference.tag, ...releasesOf(row)].includes(tag))
    return false;
  // Every digest that a person may have in hand for what this RSync is on, or is to be on.
  const { target, index, live, approval } = row;
  const known = [target, index, live, approval?.digest, approval?.index];
  return digest === undefined || known.includes(digest);
}

/** Tags of the versions that it is on, and is to be on. */
function releasesOf({ tracked, approval }: SyncRow): readonly (string | undefined)[] {
  return [tracked?.release?.tag, approval?.release?.tag];
}

/** Whether rows are asked for, so that a cluster without any is not worth a line. */
export function narrows({ repository, sync, phase, stage }: Filter): boolean {
  const ofSync = phase !== undefined && !isClusterPhase(phase);
  return [repository, sync, stage].some((value) => value !== undefined) || ofSync;
}

function isClusterPhase(phase: string | undefined): boolean {
  return CLUSTER_PHASES.some((known) => known === phase);
}

/** The last row of a page: the next one begins behind it. Without `sync`: behind the whole cluster. */
export interface Position {
  readonly cluster: string;
  readonly sync?: string;
}

export function formatPosition({ cluster, sync }: Position): string {
  return formatCursor(sync === undefined ? [cluster] : [cluster, sync]);
}

/** Throws `bad-request`. */
export function parsePosition(text: string): Position {
  const [cluster, sync] = parseCursor(text);
  return defined({ cluster, sync });
}
