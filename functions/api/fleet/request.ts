import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { CLUSTER_PHASES } from '#shared/core/phase.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import { DEFAULT_PAGE, MAX_NAME } from '../limits.ts';
import type { FleetQuery } from './operation.ts';
import { type Look, type PresentRow, presentRow, type Troubles } from './present.ts';

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

export interface PageRequest {
  readonly filter: Filter;
  /** As the caller wrote it. */
  readonly cluster?: string;
  readonly limit: number;
  readonly after?: Position;
}

/** Throws `bad-request`, `bad-reference`. */
export function readRequest(query: FleetQuery): PageRequest {
  const { image, sync, phase, cluster, cursor, limit } = query;
  return {
    filter: { ...imageFilter(image), ...defined({ sync, phase }) },
    limit: limit === undefined ? DEFAULT_PAGE : Number(limit),
    ...defined({ cluster, after: cursor === undefined ? undefined : parseCursor(cursor) }),
  };
}

/** A tag counts only where it was written: the normal form of none is `latest`. */
function imageFilter(image: string | undefined): Filter {
  if (image === undefined) return {};
  const { repository, tag, digest } = parseReference(image);
  const [name = ''] = image.split('@', 1);
  return defined({ repository, tag: name.endsWith(`:${tag}`) ? tag : undefined, digest });
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
  look: Look,
  troubles: Troubles,
  filter: Filter,
): readonly PresentRow[] {
  return rows
    .map((row) => presentRow(row, look, troubles))
    .filter((row) => wantsSync(filter, row))
    .toSorted((a, b) => (a.sync < b.sync ? -1 : 1));
}

function wantsSync(filter: Filter, row: PresentRow): boolean {
  const { repository, tag, digest, sync, phase } = filter;
  if (sync !== undefined && row.sync !== sync) return false;
  if (phase !== undefined && !isClusterPhase(phase) && row.present.phase !== phase) return false;
  if (repository === undefined) return true;
  if (row.image === undefined) return false;
  const reference = parseReference(row.image);
  if (reference.repository !== repository) return false;
  if (tag !== undefined && reference.tag !== tag) return false;
  // Every digest that a person may have in hand for what this RSync is on, or is to be on.
  const { target, index, live, approval } = row;
  const known = [target, index, live, approval?.digest, approval?.index];
  return digest === undefined || known.includes(digest);
}

/** Whether rows are asked for, so that a cluster without any is not worth a line. */
export function narrows({ repository, sync, phase }: Filter): boolean {
  const ofSync = phase !== undefined && !isClusterPhase(phase);
  return repository !== undefined || sync !== undefined || ofSync;
}

function isClusterPhase(phase: string | undefined): boolean {
  return CLUSTER_PHASES.some((known) => known === phase);
}

/** The last row of a page: the next one begins behind it. Without `sync`: behind the whole cluster. */
export interface Position {
  readonly cluster: string;
  readonly sync?: string;
}

const Name = z.string().max(MAX_NAME);
const Parts = z.tuple([Name, Name.optional()]);

/** Opaque to callers, who hold it from one call to the next; it names places, and grants nothing. */
export function formatCursor({ cluster, sync }: Position): string {
  const parts = sync === undefined ? [cluster] : [cluster, sync];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws `bad-request`. */
function parseCursor(text: string): Position {
  try {
    const json: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const [cluster, sync] = Parts.parse(json);
    return defined({ cluster, sync });
  } catch (cause) {
    throw new CountersignError('bad-request', 'query.cursor: is no cursor of this API', { cause });
  }
}
