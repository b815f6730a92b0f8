import type { ClusterPhase, Phase } from '#shared/core/phase.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import type { ImageRecord, Store, SyncRow } from '#shared/store/store.ts';
import { rememberFor } from '../remember.ts';
import { MAX_TROUBLED_TAGS, TROUBLES_TTL_MS } from '../limits.ts';

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

/**
 * Reads the troubles of the store, and keeps them for a moment: all who ask meanwhile share one query. `edition` says
 * whether they changed.
 *
 * @example
 * const { troubles } = await createTroubles({ store, now })();
 */
export function createTroubles(deps: {
  readonly store: Pick<Store, 'troubledTags'>;
  readonly now: () => Date;
}): () => Promise<{ readonly troubles: Troubles; readonly edition: string }> {
  async function read(): Promise<{ readonly troubles: Troubles; readonly edition: string }> {
    const records = await deps.store.troubledTags(MAX_TROUBLED_TAGS);
    const named = records.map((record) => [nameOf(record), record] as const);
    const edition = named.map(([name, { since }]) => `${name} ${since}`).toSorted();
    return { troubles: new Map(named), edition: edition.join('\n') };
  }
  const remember = rememberFor<Awaited<ReturnType<typeof read>>>(deps.now);
  return () => remember('', read, () => TROUBLES_TTL_MS);
}

/** Where one RSync stands now, as far as the snapshot and the verdicts that were published since can say. */
export function presentRow(row: SyncRow, look: Look, troubles: Troubles): PresentRow {
  const { phase, since } = row.record;
  if (look.phase !== 'Reachable') {
    const when = look.since ?? since;
    const message = `Its cluster is ${look.phase}; last seen ${phase}: ${row.message}`;
    return { ...row, present: { phase: 'Unknown', since: when, message } };
  }
  const trouble = row.image === undefined ? undefined : troubles.get(row.image);
  if (trouble === undefined || !isNews(trouble, row, look)) {
    return { ...row, present: { phase, since, message: row.message } };
  }
  const { status } = trouble;
  const message = `Its image is ${status} since ${trouble.since}; last seen ${phase}: ${row.message}`;
  const present = { phase: phaseOf(status), since: trouble.since, message };
  return { ...row, present };
}

/** The verdict was published after the last look at the RSync began, and is not the one that it found. */
function isNews({ status, since }: ImageRecord, row: SyncRow, { lookedAt = '' }: Look): boolean {
  return Date.parse(since) > (Date.parse(lookedAt) || 0) && row.verdict !== status;
}

function phaseOf(status: ImageRecord['status']): PresentPhase {
  switch (status) {
    case 'unsigned':
    case 'incomplete':
      return 'Pending';
    case 'untrusted':
    case 'unusable':
      return 'Rejected';
    case 'unchecked':
    case 'verified':
    case undefined:
      return 'Unknown';
  }
}

/** The reference that rows name: the key of a tag is `:<tag>`. */
function nameOf({ repository, digest }: ImageRecord): string {
  return formatReference(parseReference(`${repository}${digest}`));
}
