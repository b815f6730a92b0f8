import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { Entry, History, HistoryQuery } from '#shared/history/history.ts';
import { placeOf, valueOf } from '#shared/history/schema.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { formatCursor, parseCursor } from '../cursor.ts';
import { findCluster } from '../find-cluster.ts';
import { type ImageFilter, imageFilter } from '../image-filter.ts';
import { DEFAULT_PAGE, MAX_ENTRIES_READ, MAX_HISTORY_BYTES } from '../limits.ts';
import type { HistoryEntry, HistoryPage, HistoryRequest } from './operation.ts';

/** What the API reads events from. */
export interface Kept {
  readonly history: Pick<History, 'list'>;
  /** For how many days they are kept. */
  readonly days: number;
}

interface Deps extends Kept {
  readonly fleet: Pick<Fleet, 'find' | 'list'>;
  readonly now: () => Date;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** One page of the events that are asked for, the newest first. Throws `bad-request`, `bad-reference`. */
export async function listHistory(request: HistoryRequest, deps: Deps): Promise<HistoryPage> {
  const { history, days, now } = deps;
  const limit = request.limit === undefined ? DEFAULT_PAGE : Number(request.limit);
  const wanted = await wantedBy(request, deps);
  const since = readMoment('since', request.since ?? `${days}d`, now());
  const until = request.until === undefined ? AFTER_ALL : readMoment('until', request.until, now());
  const found: Entry[] = [];
  let before = request.cursor === undefined ? until : readPlace(request.cursor);
  let bytes = 0;
  for (let read = 0; read < MAX_ENTRIES_READ; ) {
    // What few entries are may be behind many: not one by one.
    const size = Math.min(Math.max(limit, READ_AT_ONCE), MAX_ENTRIES_READ - read);
    const entries = await history.list({ by: wanted.by, since, before, limit: size });
    for (const entry of entries) {
      before = placeOf(entry);
      if (!wanted.has(entry)) continue;
      found.push(entry);
      bytes += JSON.stringify(entry).length;
      if (found.length >= limit || bytes >= MAX_HISTORY_BYTES) return pageOf(found, days, before);
    }
    if (entries.length < size) return pageOf(found, days);
    read += entries.length;
  }
  return pageOf(found, days, before);
}

/** Entries that one call of the database asks for, at the least. */
const READ_AT_ONCE = 100;

/** Behind every time and id. */
const AFTER_ALL = '~';

function pageOf(found: readonly Entry[], days: number, before?: string): HistoryPage {
  const next = before && formatCursor([before]);
  return { events: found.map(viewEntry), days, ...defined({ next }) };
}

/** Which index answers best, and what an entry of it must be beside that. */
async function wantedBy(
  request: HistoryRequest,
  deps: Deps,
): Promise<{ readonly by: HistoryQuery['by']; has(entry: Entry): boolean }> {
  const { actor, type } = request;
  const image = imageFilter(request.image);
  const cluster = request.cluster && (await fullName(request.cluster, deps));
  const exact = type !== undefined && Object.hasOwn(STATUS_DATA, type) ? type : undefined;
  const { repository } = image;
  // In order of how few entries each is likely to have.
  const values = { cluster, image: repository, actor, type: exact };
  const { by = { facet: 'time' } } = firstOf(values);
  return {
    by,
    has: (entry) =>
      isOf(entry, image) &&
      (cluster === undefined || valueOf(entry, 'cluster') === cluster) &&
      (actor === undefined || valueOf(entry, 'actor') === actor) &&
      (type === undefined || entry.type === type || entry.type.startsWith(`${type}.`)),
  };
}

function firstOf(
  values: Readonly<Record<'cluster' | 'image' | 'actor' | 'type', string | undefined>>,
): { readonly by?: HistoryQuery['by'] } {
  for (const facet of ['cluster', 'image', 'actor', 'type'] as const) {
    const value = values[facet];
    if (value !== undefined) return { by: { facet, value } };
  }
  return {};
}

/** The name that events have; of a cluster that is gone, the one that was given. No fleet is asked for a full one. */
async function fullName(name: string, { fleet }: Deps): Promise<string> {
  if (name.includes('/')) return name;
  try {
    return (await findCluster(name, fleet)).name;
  } catch (error) {
    if (toFailure(error).code === 'cluster-not-found') return name;
    throw error;
  }
}

function isOf(entry: Entry, { repository, tag, digest }: ImageFilter): boolean {
  if (repository === undefined) return true;
  const { image, digest: of, index } = entry.data;
  const reference = typeof image === 'string' ? tryReference(image) : undefined;
  if (reference?.repository !== repository) return false;
  if (tag !== undefined && reference.tag !== tag) return false;
  return digest === undefined || of === digest || index === digest;
}

/** Times from 1970 on have one form each, and are in order as texts. */
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

function readMoment(field: 'since' | 'until', text: string, now: Date): string {
  const [, amount, unit = ''] = /^([0-9]+)([smhd])$/.exec(text) ?? [];
  const size = UNIT_MS[unit];
  const ms = size === undefined ? Date.parse(text) : now.getTime() - Number(amount) * size;
  if (Number.isNaN(ms)) {
    throw new CountersignError('bad-request', `query.${field}: there is no such time`);
  }
  return new Date(Math.min(Math.max(ms, 0), LAST_MS)).toISOString();
}

const PLACE = /^[0-9]{4}-[0-9TZ:.-]{19}_[0-9a-f]{64}$/;

function readPlace(cursor: string): string {
  const [place, within] = parseCursor(cursor);
  if (within === undefined && PLACE.test(place)) return place;
  throw new CountersignError('bad-request', 'query.cursor: is not a cursor of this list');
}

function viewEntry({ id, time, type, severity, data, cut }: Entry): HistoryEntry {
  const about = Object.fromEntries(
    SHOWN.flatMap((name) => {
      const value = data[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  const message = typeof data['message'] === 'string' ? data['message'] : type;
  return { id, time, type, severity, ...about, message, data, ...defined({ cut }) };
}

const SHOWN = [
  'image',
  'digest',
  'release',
  'cluster',
  'sync',
  'stage',
  'actor',
  'reason',
  'signer',
  'revision',
  'source',
] as const;
