import { defined } from '#shared/core/defined.ts';
import type { RSync, Source } from '#shared/core/rsync.ts';
import { showChart, showImage } from './read-source.ts';

export type NomosStatus = 'STALLED' | 'RECONCILING' | 'PENDING' | 'SYNCED' | 'ERROR';

/** One RSync as `nomos status` shows it. */
export interface NomosRow {
  /** `<root>` or the namespace. */
  readonly scope: string;
  readonly name: string;
  /** `image[/dir]`, `repo/chart:version`, or `repo[/dir]@revision`. */
  readonly source: string;
  readonly status: NomosStatus;
  /** 64 hex digits, a chart's version, or `N/A`; empty where the condition has none, after a failed pull for one. */
  readonly commit: string;
  /** Beside SYNCED only: when the sync stage last changed. */
  readonly syncedAt?: string;
  /** What Config Sync says is wrong, where nomos shows that. */
  readonly errors: readonly string[];
  /** How many errors there are; more than `errors` where the list was cut. */
  readonly errorCount: number;
  /** How many of them Config Sync kept, where it was it that cut the list. */
  readonly truncatedTo?: number;
}

const NOT_AVAILABLE = 'N/A';

/**
 * nomos' word for the status, by nomos' own algorithm (docs/facts/config-sync.md#nomos-status): first match wins. It ignores
 * observedGeneration, so that SYNCED may be the answer of before a spec change; `isLive` is what to decide by.
 */
export function nomosStatus({ status }: Pick<RSync, 'status'>): NomosStatus {
  const { stalled, reconciling, syncing } = status;
  if (stalled?.status === 'True') return 'STALLED';
  if (reconciling?.status === 'True') return 'RECONCILING';
  if (syncing === undefined || syncing.status === 'True') return 'PENDING';
  return syncing.errorCount === 0 ? 'SYNCED' : 'ERROR';
}

/** The row that nomos prints, columns apart. */
export function nomosRow(rsync: RSync): NomosRow {
  const { ref, source, status } = rsync;
  const word = nomosStatus(rsync);
  // nomos takes the commit from the condition, and has none while it is stalled or reconciling.
  const known = word !== 'STALLED' && word !== 'RECONCILING' && status.syncing !== undefined;
  return defined({
    scope: ref.kind === 'RootSync' ? '<root>' : ref.namespace,
    name: ref.name,
    source: formatSource(source),
    status: word,
    commit: known ? (status.syncing?.commit ?? '') : NOT_AVAILABLE,
    syncedAt: word === 'SYNCED' ? status.sync.lastUpdate : undefined,
    ...errorsOf(word, status),
  });
}

/** Of a stalled one the condition's own message; else the errors of the stages that the condition is about. */
function errorsOf(
  word: NomosStatus,
  status: RSync['status'],
): Pick<NomosRow, 'errors' | 'errorCount' | 'truncatedTo'> {
  const { stalled, syncing } = status;
  if (word === 'STALLED') {
    const { message = '', errorCount = 0, truncatedTo } = stalled ?? {};
    return defined({ errors: [message], errorCount: Math.max(1, errorCount), truncatedTo });
  }
  if (syncing === undefined || (word !== 'ERROR' && word !== 'PENDING')) {
    return { errors: [], errorCount: 0 };
  }
  const { errorCount, truncatedTo, errorSources = [] } = syncing;
  const errors = errorSources.flatMap((name) => status[name].errors);
  return defined({ errors: errors.map(({ message }) => message), errorCount, truncatedTo });
}

function formatSource(source: Source): string {
  switch (source.type) {
    case 'oci':
      return showImage(source);
    case 'helm':
      return showChart(source);
    case 'other':
    case 'invalid':
      return source.shown ?? NOT_AVAILABLE;
  }
}
