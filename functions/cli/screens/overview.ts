import type { Overview, OverviewImage } from '../api/overview-schema.ts';
import { shorten } from '../output/digests.ts';
import type { Line, Tone } from '../output/line.ts';
import type { Paper } from '../output/paper.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayLength, sayWhen } from '../output/times.ts';
import { toneOf } from '../output/tones.ts';
import { padTo, wrapTo } from '../output/width.ts';
import { count } from '../terminal.ts';
import { drawNeeds, INDENT } from './needs.ts';

/** Lines that people have in sight. */
const SCREEN = 40;
/** Lines of images while something needs a person. */
const IMAGES_BESIDE = 8;

/**
 * The fleet on one screen: whether all is well and why not, what needs a person, worst first, and the images. With `all`
 * there are as many lines as it takes.
 */
export function drawOverview(overview: Overview, all: boolean, paper: Paper): readonly Line[] {
  const { needs, left } = overview;
  const head = headOf(overview, paper);
  const beside = needs.length === 0 ? SCREEN - head.length : IMAGES_BESIDE;
  const images = imageLines(overview, all ? Infinity : beside, paper);
  const room = all ? Infinity : SCREEN - head.length - images.length;
  return [...head, ...drawNeeds(needs, left?.causes ?? 0, room, paper), ...images];
}

const STATES: Readonly<Record<string, readonly [string, Tone]>> = {
  well: ['WELL', 'ok'],
  waiting: ['WAITING', 'wait'],
  unwell: ['NOT WELL', 'bad'],
  empty: ['EMPTY', 'wait'],
  unknown: ['NOT KNOWN', 'bad'],
};

function headOf(overview: Overview, paper: Paper): readonly Line[] {
  const { state, since, clusters, oldestReadingSeconds: oldest, partial } = overview;
  const [word, tone] = STATES[state] ?? [state, undefined];
  const notes = [
    ...(since === undefined ? [] : [`since ${sayWhen(since, paper.now)}`]),
    ...(clusters === 0 || oldest === undefined ? [] : [`oldest reading ${sayLength(oldest)} old`]),
    ...(partial === true ? ['roll-outs and freezes could not be read'] : []),
  ];
  const [first = '', ...more] = wrapTo(sentenceOf(overview), paper.columns - INDENT);
  const indent = ' '.repeat(INDENT);
  return [
    [
      { text: padTo(word, INDENT), tone },
      { text: first, tone },
    ],
    ...more.map((text): Line => [indent, { text, tone }]),
    ...(notes.length === 0 ? [] : [[{ text: indent + notes.join('; '), tone: 'quiet' } as const]]),
  ];
}

/** Without the first thing that needs a person, which comes next. */
function sentenceOf({ sentence, needs: [first] }: Overview): string {
  if (first === undefined || !sentence.endsWith(first.title)) return sentence;
  const before = sentence.slice(0, -first.title.length);
  return before.includes('. ') ? before.slice(0, before.lastIndexOf('. ')) : sentence;
}

/** A blank line, the titles, and how many there are more; nothing where a line of them has no room. */
function imageLines({ images, left }: Overview, room: number, paper: Paper): readonly Line[] {
  const all = images.length + (left?.images ?? 0);
  const most = all <= room - 2 ? all : room - 3;
  if (all === 0 || most < 1) return [];
  const shown = images.slice(0, most);
  const more = all - shown.length;
  return [
    '',
    ...drawTable(shown, COLUMNS, paper),
    ...(more === 0 ? [] : [`and ${count(more, 'more image')}: countersign status --all`]),
  ];
}

const COLUMNS: readonly Column<OverviewImage>[] = [
  { title: 'IMAGE', of: ({ image }) => image, cut: 'start' },
  {
    title: 'VERDICT',
    of: ({ verdict = 'unknown' }) => verdict,
    tone: ({ verdict = '' }) => toneOf(verdict),
  },
  {
    title: 'DIGEST',
    of: ({ digest = '' }, { wide }) => (wide ? digest : shorten(digest)),
    from: 100,
  },
  { title: 'RSYNCS', of: ({ syncs }) => `${syncs}` },
  { title: 'PHASES', of: ({ phases }) => sayPhases(phases), cut: 'end' },
  { title: 'STAGES', of: sayStages, below: Infinity },
];

/** How far its roll-out is; nothing of an image that goes everywhere at once. */
function sayStages({ stages = [] }: OverviewImage): string {
  return stages.map(({ stage, phases }) => `${stage}: ${sayPhases(phases)}`).join('; ');
}

/** What most are in comes first. */
function sayPhases(phases: Readonly<Record<string, number>>): string {
  return Object.entries(phases)
    .toSorted(([, a], [, b]) => b - a)
    .map(([phase, amount]) => `${amount} ${phase}`)
    .join(', ');
}
