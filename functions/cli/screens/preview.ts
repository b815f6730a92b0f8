import type { Preview } from '../api/schema.ts';
import { clusterOf } from '../output/names.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import type { View } from '../output/view.ts';
import { count } from '../terminal.ts';

interface Row {
  readonly cluster: string;
  readonly sync: string;
  readonly change: string;
  readonly why: string;
}

/** What a resync would change, RSync by RSync, and what could not be looked at; `none`: why that is nothing. */
export function viewPreview(preview: Preview, none: string | undefined): View {
  const { clusters, looked, syncs, unread } = preview;
  const dark = unread.map(({ cluster, message }) => {
    return { cluster, sync: '', change: 'unread', why: message };
  });
  return {
    value: preview,
    names: () => syncs.map(({ cluster, sync }) => `${cluster} ${sync}`),
    lines: (paper) => [
      ...drawTable<Row>([...dark, ...syncs], COLUMNS, paper),
      ...(none === undefined ? [] : [none]),
      `A resync would task ${count(clusters, 'cluster')}; ${looked} of them looked at`,
    ],
  };
}

const COLUMNS: readonly Column<Row>[] = [
  {
    title: 'CHANGE',
    of: ({ change }) => change,
    tone: ({ change }) => (change === 'unread' ? 'bad' : undefined),
  },
  { title: 'CLUSTER', of: clusterOf },
  { title: 'RSYNC', of: ({ sync }) => sync },
  { title: 'WHY', of: ({ why }, paper) => sayText(why, paper), cut: 'end' },
];
