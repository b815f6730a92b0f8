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
