import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import { describeOriginal, type LetterReport, letterToJson } from '../letters/letter-report.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayAge } from '../output/times.ts';
import type { View } from '../output/view.ts';

/** Dead letters, and what was done with each. */
export function viewLetters(reports: readonly LetterReport[]): View {
  return {
    value: reports.map(letterToJson),
    names: () => reports.map(({ letter }) => letter.id),
    lines: (paper) =>
      reports.length === 0 ? ['No dead letters'] : drawTable(reports, COLUMNS, paper),
  };
}

const COLUMNS: readonly Column<LetterReport>[] = [
  { title: 'ID', of: ({ letter }) => letter.id },
  { title: 'AGE', of: ({ letter }, { now }) => sayAge(letter.at, now) },
  { title: 'CODE', of: ({ letter }) => letter.code },
  {
    title: 'FATE',
    of: ({ fate }) => fate,
    tone: ({ fate }) => (fate === 'kept' ? 'bad' : undefined),
  },
  { title: 'FROM', of: ({ topic }) => sayTopic(topic), cut: 'end' },
  { title: 'WHAT', of: ({ letter }) => describeOriginal(letter.original), cut: 'end' },
  {
    title: 'WHY',
    of: ({ letter, problem }, paper) =>
      sayText(problem === undefined ? letter.reason : `${letter.reason}; ${problem}`, paper),
    cut: 'end',
    below: 160,
  },
];

function sayTopic(topic = 'unknown'): string {
  return parsePubsubName(topic)?.id ?? topic;
}
