import type { Line, Span, Tone } from './line.ts';
import type { Paper } from './paper.ts';
import { cutTo, padTo, widthOf, wrapTo } from './width.ts';

/** A column of a table. Titles are stable: scripts cut tables by them, though `-o json` is made for that. */
export interface Column<Row> {
  readonly title: string;
  of(row: Row, paper: Paper): string;
  tone?(row: Row): Tone | undefined;
  /** Shown with `-o wide` alone. */
  readonly wide?: boolean;
  /** Left out of a terminal that has fewer columns. */
  readonly from?: number;
  /** Drawn below its row where a terminal has fewer columns: a sentence has no room beside it. */
  readonly below?: number;
  /** On which side it may be cut where there is no room; absent: never, so that names can be copied. */
  readonly cut?: 'start' | 'end';
}

/** Between two columns. */
const GAP = 2;
/** A column is cut to no less: what is left must still mean something. */
const LEAST = 10;
const INDENT = '  ';

/**
 * Rows under the titles of their columns. On a narrow terminal the widest of the columns that may be cut are cut; with
 * `wide`, and where there is no terminal, none is.
 *
 * @example
 * drawTable(freezes, [{ title: 'ID', of: ({ id }) => id }], paper)
 */
export function drawTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paper: Paper,
): readonly Line[] {
  if (rows.length === 0) return [];
  const room = paper.wide ? Infinity : paper.columns;
  const shown = columns.filter(({ wide, from = 0 }) => (paper.wide || !wide) && room >= from);
  const beside = shown.filter(({ below = 0 }) => room >= below);
  const under = shown.filter((column) => !beside.includes(column));
  const cells = rows.map((row) => beside.map((column) => column.of(row, paper)));
  const natural = beside.map(({ title }, at) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[at] ?? ''))),
  );
  const widths = fit(natural, beside, room);
  const put = (texts: readonly string[], toneOf: (at: number) => Tone | undefined): Line =>
    beside.map(({ cut }, at): Span => {
      const width = widths[at] ?? 0;
      const text = cutTo(texts[at] ?? '', width, cut);
      const isLast = at === beside.length - 1;
      return { text: isLast ? text : padTo(text, width + GAP), tone: toneOf(at) };
    });
  const titles = beside.map(({ title }) => title);
  return [
    put(titles, () => 'quiet'),
    ...rows.flatMap((row, at) => [
      put(cells[at] ?? [], (column) => beside[column]?.tone?.(row)),
      ...under.flatMap((column) => linesBelow(column.of(row, paper), room)),
    ]),
  ];
}

function linesBelow(text: string, room: number): readonly Line[] {
  if (text === '') return [];
  return wrapTo(text, room - INDENT.length).map((line) => [{ text: INDENT + line, tone: 'quiet' }]);
}

/** Widths that fit into the terminal, as far as that is possible. */
function fit<Row>(
  natural: readonly number[],
  columns: readonly Column<Row>[],
  room: number,
): readonly number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  for (let over = total() - room; over > 0; over = total() - room) {
    const cuttable = columns.flatMap(({ cut }, at) =>
      cut !== undefined && (widths[at] ?? 0) > LEAST ? [at] : [],
    );
    const [widest] = cuttable.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
