import type { ClusterPhase, Phase } from '#shared/core/phase.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import type { ImageRecord, SyncRow } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { MAX_TROUBLED_TAGS, TROUBLES_TTL_MS } from '../limits.ts';
import { rememberFor } from '../remember.ts';

/** `Unknown`: nothing was read that says where the RSync stands now. */
export type PresentPhase = Phase | 'Unknown';

/** A row with what may be said of it now: what was read before the last news is not shown as present. */
export interface PresentRow extends SyncRow {
  readonly present: {
    readonly phase: PresentPhase;
    /** ISO 8601. */
    readonly since: string;
    readonly message: string;
  };
}

/** What the last look at a cluster was. */
export interface Look {
  readonly phase: ClusterPhase;
  readonly since?: string;
  /** Start of the last look, ISO 8601; absent: none. */
  readonly lookedAt?: string;
}

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
