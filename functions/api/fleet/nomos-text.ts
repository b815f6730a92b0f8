import { cleanText } from '#shared/core/foreign-text.ts';
import { parseSyncRef, type SyncRef } from '#shared/core/sync-ref.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ClusterView } from '../schema/fleet.ts';
import type { PresentRow } from './present.ts';
import { type ClusterAnswer, sayAge } from './view.ts';

const SEPARATOR = '-'.repeat(20);
/** Go's zero time, which nomos prints where Config Sync has not said when. */
const NEVER = '0001-01-01 00:00:00';

/**
 * The fleet as `nomos status` prints it (docs/facts/config-sync.md#nomos-status), each RSync followed by what nomos
 * cannot know: what is approved, and where it stands. nomos' own lines are as nomos has them, to the blank.
 */
export function formatNomos(clusters: readonly ClusterAnswer[]): string {
  return alignColumns(clusters.flatMap(clusterLines));
}

/** As nomos 1.19 to 1.22 words it. */
const NOTHING_THERE =
  'Root repo error: No RootSync resources found, Namespace repo error: No RepoSync resources found';

type Line = readonly string[];

function clusterLines({ view, rows }: ClusterAnswer): Line[] {
  const state = stateOf(view, rows.length);
  return [
    [''],
    [cleanText(view.cluster)],
    ...(state === undefined ? [] : [[`  ${SEPARATOR}`], [`  ${state[0]}`, cleanText(state[1])]]),
    ...inNomosOrder(rows).flatMap((row) => [[`  ${SEPARATOR}`], ...rowLines(row, view)]),
  ];
}

/** RootSyncs before RepoSyncs, which go by namespace, then by name: a cursor's order is another one. */
function inNomosOrder(rows: readonly PresentRow[]): readonly PresentRow[] {
  return rows
    .map((row) => ({ row, ref: parseSyncRef(row.sync) }))
    .toSorted(
      ({ ref: a }, { ref: b }) =>
        order(b.kind, a.kind) || order(a.namespace, b.namespace) || order(a.name, b.name),
    )
    .map(({ row }) => row);
}

/** By code unit, as Go compares. */
function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
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
      return rows === 0 ? ['UNKNOWN', NOTHING_THERE] : undefined;
  }
}

function rowLines(row: PresentRow, { ageSeconds }: ClusterView): Line[] {
  const { nomos, shown, approved, present } = row;
  const { source = row.image ?? 'N/A', commit = 'N/A', errors = [] } = shown ?? {};
  const known = nomos === 'SYNCED' ? `SYNCED @ ${formatTime(shown?.syncedAt)}` : nomos;
  const word = present.phase === 'Unknown' ? 'UNKNOWN' : known;
  return [
    [`  ${scopeOf(parseSyncRef(row.sync))}`, cleanText(source), ''],
    [`  ${word}`, cleanText(commit), ''],
    ...countLines(shown),
    ...errors.map((error) => ['  Error:', cleanText(error), '']),
    // Ours have no columns, so that they move none of nomos'.
    [`  Approved: ${approved.length === 0 ? 'N/A' : oneLine(approved.join(' '))}`],
    [`  Phase: ${present.phase}, ${oneLine(present.message)}${sayRead(ageSeconds)}`],
  ];
}

/** What was read before is not said as if it were so now. */
function sayRead(ageSeconds: number | undefined): string {
  return ageSeconds === undefined || ageSeconds === 0 ? '' : ` (read ${sayAge(ageSeconds)} ago)`;
}

function countLines(shown: SyncRow['shown']): Line[] {
  const { errorCount = 0, truncatedTo } = shown ?? {};
  if (errorCount === 0) return [];
  const cut =
    truncatedTo === undefined
      ? ''
      : `, ErrorTruncated: true, ErrorCountAfterTruncation: ${truncatedTo}`;
  return [[`  TotalErrorCount: ${errorCount}${cut}`]];
}

function scopeOf({ kind, namespace, name }: SyncRef): string {
  return `${kind === 'RootSync' ? '<root>' : namespace}:${name}`;
}

/** As Go prints a time, in UTC. */
function formatTime(text = ''): string {
  const time = Date.parse(text);
  const [seconds = NEVER] = Number.isNaN(time)
    ? [NEVER]
    : new Date(time).toISOString().replace('T', ' ').split('.');
  return `${seconds} +0000 UTC`;
}

function oneLine(text: string): string {
  return cleanText(text.replaceAll(/[\n\t]+/g, ' '));
}

/** Between two columns, as nomos has it. */
const PADDING = 3;

/**
 * Aligns cells as Go's text/tabwriter does, which nomos prints with: a column is as wide as the widest of its cells in
 * consecutive lines that have that column, and the last cell of a line belongs to none.
 */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const lines = rows.flatMap(breakLines);
  const widths = lines.map((): number[] => []);
  for (let column = 0; lines.some((cells) => column < cells.length - 1); column += 1) {
    for (let start = 0; start < lines.length; start += 1) {
      let end = start;
      let width = 0;
      for (; column < (lines[end]?.length ?? 0) - 1; end += 1) {
        width = Math.max(width, lengthOf(lines[end]?.[column] ?? ''));
      }
      for (let line = start; line < end; line += 1) widths[line]?.push(width + PADDING);
      start = end;
    }
  }
  return lines
    .map((cells, line) => cells.map((cell, at) => pad(cell, widths[line]?.[at] ?? 0)).join(''))
    .map((line) => `${line}\n`)
    .join('');
}

/** A tab within a cell ends the cell, and a line break the line with it: Go sees bytes, not our cells. */
function breakLines(cells: readonly string[]): string[][] {
  return cells
    .join('\t')
    .split('\n')
    .map((line) => line.split('\t'));
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
}

/** In characters, not in UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
