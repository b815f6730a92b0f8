import { defined } from '#shared/core/defined.ts';
import type { ClusterPhase } from '#shared/core/phase.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import type { ClusterRecord, ImageRecord, SyncRow } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { MAX_TROUBLED_TAGS, TROUBLES_TTL_MS } from '../limits.ts';
import { rememberFor } from '../remember.ts';
import type { ClusterView, SyncView } from './operation.ts';

/** `Unknown`: nothing was read that says where the RSync stands now. */
export type PresentPhase = SyncView['phase'];

/** A row with what may be said of it now: what was read before the last news is not shown as present. */
export interface PresentRow extends SyncRow {
  readonly present: Pick<SyncView, 'phase' | 'since' | 'message'>;
}

/** What the last look at a cluster was, and when it began: absent where there was none. */
export type Look = Pick<ClusterRecord, 'phase'> &
  Partial<Pick<ClusterRecord, 'since' | 'lookedAt'>>;

/** Tags whose last verdict is not `verified`, by reference. */
export type Troubles = ReadonlyMap<string, ImageRecord>;

export const NO_TROUBLES: Troubles = new Map();

/** The troubles of the store; another `edition` where they changed. */
export type ReadTroubles = () => Promise<{ readonly troubles: Troubles; readonly edition: string }>;

/**
 * Reads the troubles of the store, and keeps them for a moment: all who ask meanwhile share one query.
 *
 * @example
 * const { troubles } = await createTroubles({ store, now })();
 */
export function createTroubles({ store, now }: Pick<ApiDeps, 'store' | 'now'>): ReadTroubles {
  const remember = rememberFor<Awaited<ReturnType<ReadTroubles>>>(now, () => TROUBLES_TTL_MS);
  const read: ReadTroubles = async () => {
    const records = await store.troubledTags(MAX_TROUBLED_TAGS);
    const named = records.map((record) => [nameOf(record), record] as const);
    const edition = named.map(([name, { since }]) => `${name} ${since}`).toSorted();
    return { troubles: new Map(named), edition: edition.join('\n') };
  };
  return () => remember('', read);
}

/** Where one RSync stands now, as far as the snapshot and the verdicts that were published since can say. */
export function presentRow(row: SyncRow, look: Look, troubles: Troubles): PresentRow {
  const { phase, since } = row.record;
  const before = `last seen ${phase}: ${row.message}`;
  if (look.phase !== 'Reachable') {
    const message = `Its cluster is ${look.phase}; ${before}`;
    return { ...row, present: { phase: 'Unknown', since: look.since ?? since, message } };
  }
  const trouble = row.image === undefined ? undefined : troubles.get(row.image);
  if (trouble === undefined || !isNews(trouble, row, look)) {
    return { ...row, present: { phase, since, message: row.message } };
  }
  const { status = 'unchecked', since: at } = trouble;
  const message = `Its image is ${status} since ${at}; ${before}`;
  return { ...row, present: { phase: PHASE_OF[status], since: at, message } };
}

/** The verdict was published after the last look at the RSync began, and is not the one that it found. */
function isNews({ status, since }: ImageRecord, row: SyncRow, { lookedAt = '' }: Look): boolean {
  return Date.parse(since) > (Date.parse(lookedAt) || 0) && row.verdict !== status;
}

/** Of an RSync whose image has that verdict. */
const PHASE_OF: Readonly<Record<NonNullable<ImageRecord['status']>, PresentPhase>> = {
  unsigned: 'Pending',
  incomplete: 'Pending',
  untrusted: 'Rejected',
  unusable: 'Rejected',
  unchecked: 'Unknown',
  verified: 'Unknown',
};

/** The reference that rows name: the key of a tag is `:<tag>`. */
function nameOf({ repository, digest }: ImageRecord): string {
  return formatReference(parseReference(`${repository}${digest}`));
}

/** One RSync as callers see it, with the age of what is said. */
export function viewSync(
  { cluster, readAt, ageSeconds }: Pick<ClusterView, 'cluster' | 'readAt' | 'ageSeconds'>,
  row: PresentRow,
): SyncView {
  const { shown, record, present } = row;
  return defined({
    cluster,
    sync: row.sync,
    nomos: row.nomos,
    source: shown?.source,
    commit: shown?.commit,
    syncedAt: shown?.syncedAt,
    image: row.image,
    approved: [...row.approved],
    registryDigest: row.target,
    liveDigest: row.live,
    verdict: row.verdict,
    phase: present.phase,
    lastPhase: present.phase === record.phase ? undefined : record.phase,
    digest: record.digest,
    since: present.since,
    readAt,
    ageSeconds,
    message: present.message,
    errors: row.errors.map(({ code, message }) => ({ code, message })),
    breakGlass: row.breakGlass,
  });
}

/** One cluster of the snapshot, and how old what is known of it is. */
export function viewCluster(record: ClusterRecord, now: Date): ClusterView {
  const { cluster, phase, since, message, reconciledAt } = record;
  const ageSeconds = reconciledAt === undefined ? undefined : ageOf(reconciledAt, now);
  return defined({ cluster, phase, since, message, readAt: reconciledAt, ageSeconds });
}

/** Whole seconds, never below zero: two machines' clocks differ. */
export function ageOf(time: string, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
}

/** One cluster of an answer, with the rows that were asked for. */
export interface ClusterAnswer {
  readonly view: ClusterView;
  readonly rows: readonly PresentRow[];
}

/** One page of the fleet, whichever way it was read, and the cursor of the next. */
export interface FleetAnswer {
  readonly clusters: readonly ClusterAnswer[];
  readonly next?: string;
}

/** Phases in which no operator needs to look at an RSync, or a cluster: what waits for its stage runs what it ran. */
export const WELL: ReadonlySet<PresentPhase | ClusterPhase> = new Set<PresentPhase | ClusterPhase>([
  'Synced',
  'Ignored',
  'Waiting',
  'Reachable',
]);

/** How many clusters and RSyncs of an answer an operator should look at: broken glass is an emergency. */
export function countUnwell(clusters: readonly ClusterAnswer[]): number {
  const rows = clusters.flatMap((answer) => answer.rows);
  const unwell = rows.filter(
    ({ present, breakGlass }) => breakGlass !== undefined || !WELL.has(present.phase),
  );
  return unwell.length + clusters.filter(({ view }) => !WELL.has(view.phase)).length;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `3 min`: an age as people say it. */
export function sayAge(seconds: number): string {
  const unit = UNITS.find(([, size]) => seconds >= size);
  return unit === undefined ? `${seconds} s` : `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}
