import { defined } from '#shared/core/defined.ts';
import {
  MAX_TROUBLED_TAGS,
  type PresentRow,
  type Troubles,
  ageOf,
  troublesOf,
} from '#shared/overview/present-row.ts';
import { WELL, isUnwell } from '#shared/overview/well.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { TROUBLES_TTL_MS } from '../limits.ts';
import { rememberFor } from '../remember.ts';
import type { ClusterView, SyncView } from './operation.ts';

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
    const troubles = troublesOf(records);
    const edition = [...troubles].map(([name, { since }]) => `${name} ${since}`).toSorted();
    return { troubles, edition: edition.join('\n') };
  };
  return () => remember('', read);
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
    version: row.approval?.release?.version,
    newest: row.tracked?.release?.version,
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

/** How many clusters and RSyncs of an answer an operator should look at: break-glass is an emergency. */
export function countUnwell(clusters: readonly ClusterAnswer[]): number {
  const rows = clusters.flatMap((answer) => answer.rows);
  const unwell = rows.filter(({ present: { phase }, breakGlass }) =>
    isUnwell({ phase, breakGlass }),
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
