import { type Column, drawTable } from '../output/table.ts';
import type { View } from '../output/view.ts';

interface Row {
  readonly name: string;
  readonly current: boolean;
  readonly url: string;
  readonly audience?: string | undefined;
  readonly tokenCommand?: string | undefined;
}

/** The contexts of a person; the one with * is asked where none is named. */
export function viewContexts(rows: readonly Row[]): View {
  return {
    value: { contexts: rows },
    names: () => rows.map(({ name }) => name),
    lines: (paper) =>
      rows.length === 0
        ? ['No contexts: countersign context add NAME --url https://HOST']
        : drawTable(rows, COLUMNS, paper),
  };
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'IN USE', of: ({ current }) => (current ? '*' : '') },
  { title: 'NAME', of: ({ name }) => name },
  { title: 'URL', of: ({ url }) => url },
  { title: 'AUDIENCE', of: ({ audience = '' }) => audience, cut: 'end' },
  { title: 'TOKEN COMMAND', of: ({ tokenCommand = '' }) => tokenCommand, cut: 'end' },
];
