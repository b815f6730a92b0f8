import type { RSync, Source } from '#shared/core/rsync.ts';

export type NomosStatus = 'STALLED' | 'RECONCILING' | 'PENDING' | 'SYNCED' | 'ERROR';

/** One RSync as `nomos status` shows it. */
export interface NomosRow {
  /** `<root>` or the namespace. */
  readonly scope: string;
  readonly name: string;
  /** `image[/dir]`, or `repo/chart:version`. */
  readonly source: string;
  readonly status: NomosStatus;
  /** 64 hex digits, a chart's version, or `N/A`. */
  readonly commit: string;
  /** Beside SYNCED only: when the sync stage last changed. */
  readonly syncedAt?: string;
  /** What Config Sync says is wrong, where nomos shows that. */
  readonly errors: readonly string[];
  /** How many errors there are; more than `errors` where the list was cut. */
  readonly errorCount: number;
}

const NOT_AVAILABLE = 'N/A';

/**
 * nomos' word for the status, by nomos' own algorithm (facts/config-sync.md section 5): first match wins. It ignores
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
  const known = word === 'PENDING' || word === 'SYNCED' || word === 'ERROR';
  const syncedAt = word === 'SYNCED' ? status.sync.lastUpdate : undefined;
  return {
    scope: ref.kind === 'RootSync' ? '<root>' : ref.namespace,
    name: ref.name,
    source: formatSource(source),
    status: word,
    commit: (known ? status.syncing?.commit : undefined) ?? NOT_AVAILABLE,
    ...(syncedAt === undefined ? {} : { syncedAt }),
    ...errorsOf(word, status),
  };
}

/** Of a stalled one the condition's own message; else the errors of the stage that the condition is about. */
function errorsOf(
  word: NomosStatus,
  { stalled, syncing, source, rendering, sync }: RSync['status'],
): Pick<NomosRow, 'errors' | 'errorCount'> {
  if (word === 'STALLED') return { errors: [stalled?.message ?? ''], errorCount: 1 };
  if (word !== 'ERROR' && word !== 'PENDING') return { errors: [], errorCount: 0 };
  const { errorCount = 0, reason = '' } = syncing ?? {};
  if (errorCount === 0) return { errors: [], errorCount };
  const stages = new Map([
    ['Source', [source]],
    ['Rendering', [rendering]],
  ]);
  const errors = (stages.get(reason) ?? [source, sync]).flatMap((stage) => stage.errors);
  return { errors: errors.map(({ message }) => message), errorCount };
}

function formatSource(source: Source): string {
  switch (source.type) {
    case 'oci':
      return source.dir === '.' ? source.image : `${source.image}/${source.dir}`;
    case 'helm':
      return `${source.repo}/${source.chart}:${source.version ?? 'latest'}`;
    case 'other':
      return source.sourceType;
    case 'invalid':
      return NOT_AVAILABLE;
  }
}
