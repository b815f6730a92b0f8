import { type SyncRef, parseSyncRef } from '#shared/core/sync-ref.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ClusterView } from '../schema/fleet.ts';
import { alignColumns } from './align-columns.ts';
import type { ClusterAnswer } from './fleet-answer.ts';

const SEPARATOR = '-'.repeat(20);
/** Controls and the change of direction: what others push must not rule a terminal. Line breaks are nomos' own. */
const UNPRINTABLE = /[^\P{C}\n]/gu;

/**
 * The fleet as `nomos status` prints it (facts/config-sync.md section 5), each RSync followed by what nomos cannot
 * know: what is approved, and where it stands. nomos' own lines are as nomos has them, to the blank.
 */
export function formatNomos(clusters: readonly ClusterAnswer[]): string {
  return alignColumns(clusters.flatMap(clusterLines));
}

type Line = readonly string[];

function clusterLines({ view, rows }: ClusterAnswer): Line[] {
  const state = stateOf(view, rows.length);
  return [
    [''],
    [clean(view.cluster)],
    ...(state === undefined ? [] : [[`  ${SEPARATOR}`], [`  ${state[0]}`, clean(state[1])]]),
    ...rootsFirst(rows).flatMap((row) => [[`  ${SEPARATOR}`], ...rowLines(row)]),
  ];
}

/** nomos lists RootSyncs before RepoSyncs. */
function rootsFirst(rows: readonly SyncRow[]): readonly SyncRow[] {
  const isRoot = ({ sync }: SyncRow): boolean => parseSyncRef(sync).kind === 'RootSync';
  return [...rows.filter(isRoot), ...rows.filter((row) => !isRoot(row))];
}

/** What nomos says of a whole cluster, where it has something to say. */
function stateOf(
  { phase, message = '' }: ClusterView,
  rows: number,
): readonly [string, string] | undefined {
  switch (phase) {
    case 'Unreachable':
      return ['N/A', 'Failed to connect to cluster'];
    case 'NoConfigSync':
      return ['NOT INSTALLED', message];
    case 'Forbidden':
      return ['ERROR', message];
    case 'Reachable':
      return rows === 0 ? ['UNKNOWN', 'No RootSync resources found'] : undefined;
  }
}

function rowLines(row: SyncRow): Line[] {
  const { nomos, shown, approved, record, message } = row;
  const { source = row.image ?? 'N/A', commit = 'N/A', errors = [], errorCount = 0 } = shown ?? {};
  const word = nomos === 'SYNCED' ? `SYNCED @ ${formatTime(shown?.syncedAt)}` : nomos;
  return [
    [`  ${scopeOf(parseSyncRef(row.sync))}`, clean(source), ''],
    [`  ${word}`, clean(commit), ''],
    ...(errorCount > 0 ? [[`  TotalErrorCount: ${errorCount}`]] : []),
    ...errors.map((error) => ['  Error:', clean(error), '']),
    // Ours have no columns, so that they move none of nomos'.
    [`  Approved: ${approved.length === 0 ? 'N/A' : clean(approved.join(' '))}`],
    [`  Phase: ${record.phase}, ${clean(message)}`],
  ];
}

function scopeOf({ kind, namespace, name }: SyncRef): string {
  return `${kind === 'RootSync' ? '<root>' : namespace}:${name}`;
}

/** As Go prints a time, in UTC. */
function formatTime(time = ''): string {
  const [date, clock = ''] = time.replace(/(?:\.\d+)?Z$/, '').split('T');
  return `${date} ${clock} +0000 UTC`;
}

function clean(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(UNPRINTABLE, '\ufffd');
}
