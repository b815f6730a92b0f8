import { foldLines } from '#shared/core/foreign-text.ts';
import { defined } from '#shared/core/defined.ts';
import type { HistoryEvent } from '../api/schema.ts';
import type { Line } from '../output/line.ts';
import { shortCluster } from '../output/names.ts';
import type { Paper } from '../output/paper.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayText } from '../output/say-text.ts';
import { sayAgo, sayDate } from '../output/times.ts';
import { toneOf } from '../output/tones.ts';
import type { View } from '../output/view.ts';

/** Events, newest first. `next`: the cursor of older ones. */
export function viewHistory(events: readonly HistoryEvent[], next: string | undefined): View {
  return {
    value: defined({ events, next }),
    names: () => events.map(({ id }) => id),
    lines: (paper) => [
      ...(events.length === 0 ? ['No events'] : drawTable(events, COLUMNS, paper)),
      ...(next === undefined
        ? []
        : ([[{ text: `Older ones: --cursor ${next}`, tone: 'quiet' }]] as Line[])),
    ],
  };
}

const COLUMNS: readonly Column<HistoryEvent>[] = [
  { title: 'TIME', of: ({ time }, { wide, now }) => (wide ? sayDate(time) : sayAgo(time, now)) },
  { title: 'SEVERITY', wide: true, of: ({ severity }) => severity, tone: toneOfEvent },
  { title: 'TYPE', of: ({ type }) => type, tone: toneOfEvent },
  { title: 'WHERE', of: whereOf, cut: 'start' },
  { title: 'BY', of: ({ actor = '' }) => actor },
  { title: 'SIGNER', of: ({ signer = '' }) => foldLines(signer), from: 160 },
  { title: 'REVISION', wide: true, of: ({ revision = '' }) => foldLines(revision) },
  { title: 'SOURCE', wide: true, of: ({ source = '' }) => foldLines(source) },
  { title: 'WHAT', of: whatOf, cut: 'end', below: 120 },
];

function toneOfEvent({ severity }: HistoryEvent) {
  return toneOf(severity);
}

function whereOf({ cluster, sync, image = 'fleet' }: HistoryEvent, { wide }: Paper): string {
  return cluster === undefined
    ? image
    : [wide ? cluster : shortCluster(cluster), sync ?? []].flat().join(' ');
}

function whatOf({ message, reason }: HistoryEvent, paper: Paper): string {
  return sayText(reason === undefined ? message : `${message} (${reason})`, paper);
}
