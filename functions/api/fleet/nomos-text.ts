import { cleanText } from '#shared/core/foreign-text.ts';
import { parseSyncRef } from '#shared/core/sync-ref.ts';
import type { PresentRow } from '#shared/overview/present-row.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ClusterView } from './operation.ts';
import { type ClusterAnswer, sayAge } from './present.ts';

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

/** By code unit, as Go compares: RootSyncs, then RepoSyncs by namespace and name. A cursor's order is another one. */
function inNomosOrder(rows: readonly PresentRow[]): readonly PresentRow[] {
  const keyed = rows.map((row) => {
    const { kind, namespace, name } = parseSyncRef(row.sync);
    return { row, key: kind === 'RootSync' ? `\0${name}` : `${namespace}\0${name}` };
  });
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}

/** What nomos says of a whole cluster, where it has something to say. */
function stateOf(
  { phase, message = '' }: ClusterView,
  rows: number,
): readonly [string, string] | undefined {
  if (phase === 'Unreachable') return ['N/A', 'Failed to connect to cluster'];
  if (phase === 'NoConfigSync') return ['NOT INSTALLED', message];
  if (phase === 'Forbidden') return ['ERROR', message];
  return rows === 0 ? ['UNKNOWN', NOTHING_THERE] : undefined;
}

function rowLines(row: PresentRow, { ageSeconds }: ClusterView): Line[] {
  const { nomos, shown, approved, present } = row;
  const { source = row.image ?? 'N/A', commit = 'N/A', errors = [] } = shown ?? {};
  const { kind, namespace, name } = parseSyncRef(row.sync);
  const scope = `${kind === 'RootSync' ? '<root>' : namespace}:${name}`;
  const known = nomos === 'SYNCED' ? `SYNCED @ ${formatTime(shown?.syncedAt)}` : nomos;
  // What was read before is not shown as if it were so now.
  const read = ageSeconds ? ` (read ${sayAge(ageSeconds)} ago)` : '';
  const word = present.phase === 'Unknown' ? 'UNKNOWN' : known;
  return [
    [`  ${scope}`, cleanText(source), ''],
    [`  ${word}`, cleanText(commit), ''],
    ...countLines(shown),
    ...errors.map((error) => ['  Error:', cleanText(error), '']),
    // Ours have no columns, so that they move none of nomos'.
    [`  Approved: ${approved.length === 0 ? 'N/A' : oneLine(approved.join(' '))}`],
    [`  Phase: ${present.phase}, ${oneLine(present.message)}${read}`],
  ];
}

function countLines(shown: SyncRow['shown']): Line[] {
  const { errorCount = 0, truncatedTo: left } = shown ?? {};
  if (errorCount === 0) return [];
  const cut = `, ErrorTruncated: true, ErrorCountAfterTruncation: ${left}`;
  return [[`  TotalErrorCount: ${errorCount}${left === undefined ? '' : cut}`]];
}

/** As Go prints a time, in UTC. */
function formatTime(text = ''): string {
  const time = Date.parse(text);
  const known = Number.isNaN(time) ? NEVER : new Date(time).toISOString();
  return `${known.slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

function oneLine(text: string): string {
  return cleanText(text.replaceAll(/[\n\t]+/g, ' '));
}

/** Between two columns, as nomos has it. */
const PADDING = 3;

/**
 * Aligns cells as Go's text/tabwriter does, which nomos prints with: a column is as wide as the widest of its cells in
 * consecutive lines that have that column, and the last cell of a line belongs to none. A tab within a cell ends it,
 * and a line break the line with it: Go sees bytes, not our cells.
 */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const lines = rows.flatMap((cells) => cells.join('\t').split('\n'));
  let columns: { width: number }[] = [];
  const aligned = lines.map((line) => {
    const cells = line.split('\t');
    columns = cells.slice(0, -1).map((cell, at) => {
      const column = columns[at] ?? { width: 0 };
      column.width = Math.max(column.width, lengthOf(cell) + PADDING);
      return column;
    });
    return { cells, columns };
  });
  // Only now is every column as wide as its widest cell.
  const text = aligned.map(({ cells, columns: widths }) =>
    cells
      .map((cell, at) => cell + ' '.repeat((widths[at]?.width ?? lengthOf(cell)) - lengthOf(cell)))
      .join(''),
  );
  return text.map((line) => `${line}\n`).join('');
}

/** In characters, not in UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
