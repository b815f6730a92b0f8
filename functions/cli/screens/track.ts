import type * as z from 'zod';
import type { Track } from '../api/schema.ts';
import type { Line } from '../output/line.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayWhen } from '../output/times.ts';
import type { View } from '../output/view.ts';
import { wrapTo } from '../output/width.ts';
import { count } from '../terminal.ts';

type Tracked = z.infer<typeof Track>;
type Candidate = Tracked['candidates'][number];

/** The versions of an image as they would be chosen, the best first, and why others are passed over. */
export function viewTrack(track: Tracked): View {
  const { message, listedAt, candidates, ignored, taken, warnings } = track;
  const chosen = candidates.filter((one) => one.chosen);
  return {
    value: track,
    names: () => chosen.map(({ tag }) => tag),
    lines: (paper) => [
      ...wrapTo(sayText(message, paper), paper.columns).map(
        (text): Line => [{ text, tone: chosen.length > 0 ? 'ok' : 'bad' }],
      ),
      [{ text: `Listed ${sayWhen(listedAt, paper.now)}`, tone: 'quiet' }],
      ...taken.map(({ tag, syncs }) => `${tag} is taken by ${count(syncs, 'RSync')}`),
      ...(candidates.length === 0 ? [] : ['', ...drawTable(candidates, COLUMNS, paper)]),
      ...(ignored.length + warnings.length === 0 ? [] : ['']),
      ...ignored.map(
        ({ count: amount, examples, meaning }) =>
          `ignored ${amount}: a tag ${meaning} (${examples.join(', ')})`,
      ),
      ...warnings.map((text): Line => [{ text: `note: ${text}`, tone: 'wait' }]),
    ],
  };
}

const COLUMNS: readonly Column<Candidate>[] = [
  { title: 'CHOSEN', of: ({ chosen }) => (chosen ? '*' : '') },
  { title: 'TAG', of: ({ tag }) => tag, tone: ({ chosen }) => (chosen ? 'ok' : undefined) },
  { title: 'WHY', of: ({ why }, paper) => sayText(why, paper), cut: 'end', below: 100 },
];
