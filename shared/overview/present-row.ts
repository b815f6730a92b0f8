import { defined } from '#shared/core/defined.ts';
import type { Phase } from '#shared/core/phase.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { shownImage } from '#shared/core/track/stream.ts';
import type { ClusterRecord, ImageRecord, ImageStatus, SyncRow } from '#shared/store/store.ts';

/** `Unknown`: nothing was read that says where the RSync stands now. */
export type PresentPhase = Phase | 'Unknown';

/**
 * A row with what may be said of it now: what was read before the last news is not shown as present. Its image is named
 * as people know it.
 */
export interface PresentRow extends SyncRow {
  readonly present: {
    readonly phase: PresentPhase;
    readonly since: string;
    readonly message: string;
    /** The last verdict of its image. */
    readonly verdict?: ImageStatus;
  };
}

/** What the last look at a cluster was, and when it began: absent where there was none. */
export type Look = Pick<ClusterRecord, 'phase'> &
  Partial<Pick<ClusterRecord, 'since' | 'lookedAt'>>;

/** Tags in trouble that are joined with rows; of more, the rest is seen with the next sweep. */
export const MAX_TROUBLED_TAGS = 1_000;

/** Tags whose last verdict is not `verified`, by reference. */
export type Troubles = ReadonlyMap<string, ImageRecord>;

export const NO_TROUBLES: Troubles = new Map();

/** Where one RSync stands now, as far as the snapshot and the verdicts that were published since can say. */
export function presentRow(row: SyncRow, look: Look, troubles: Troubles): PresentRow {
  const image = shownImage(row);
  const trouble = image === undefined ? undefined : troubles.get(image);
  return defined({ ...row, image, present: presentOf(row, look, trouble) });
}

function presentOf(
  row: SyncRow,
  look: Look,
  trouble: ImageRecord | undefined,
): PresentRow['present'] {
  const { verdict, message: found } = row;
  const { phase, since } = row.record;
  const before = `last seen ${phase}: ${found}`;
  if (look.phase !== 'Reachable') {
    const message = `Its cluster is ${look.phase}; ${before}`;
    return defined({ phase: 'Unknown' as const, since: look.since ?? since, message, verdict });
  }
  if (trouble === undefined || !isNews(trouble, row, look)) {
    return defined({ phase, since, message: found, verdict });
  }
  const { status = 'unchecked', since: at } = trouble;
  const message = `Its image is ${status} since ${at}; ${before}`;
  return { phase: PHASE_OF[status], since: at, message, verdict: status };
}

/** The verdict was published after the last look at the RSync began, and is not the one that it found. */
function isNews({ status, since }: ImageRecord, row: SyncRow, { lookedAt = '' }: Look): boolean {
  return Date.parse(since) > (Date.parse(lookedAt) || 0) && row.verdict !== status;
}

/** Of an RSync whose image has that verdict. */
export const PHASE_OF: Readonly<Record<NonNullable<ImageRecord['status']>, PresentPhase>> = {
  unsigned: 'Pending',
  incomplete: 'Pending',
  untrusted: 'Rejected',
  unusable: 'Rejected',
  unchecked: 'Unknown',
  verified: 'Unknown',
};

/** Troubles by the reference that rows name: the key of a tag is `:<tag>`. */
export function troublesOf(records: readonly ImageRecord[]): Troubles {
  return new Map(records.map((record) => [nameOf(record), record]));
}

function nameOf({ repository, digest }: ImageRecord): string {
  return formatReference(parseReference(`${repository}${digest}`));
}

/** Whole seconds, never below zero: two machines' clocks differ. */
export function ageOf(time: string, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
}
