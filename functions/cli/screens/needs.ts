import type { Need } from '../api/overview-schema.ts';
import type { Line, Span, Tone } from '../output/line.ts';
import { shortCluster } from '../output/names.ts';
import type { Paper } from '../output/paper.ts';
import { sayText } from '../output/say-text.ts';
import { sayAge, sayWhen } from '../output/times.ts';
import { cutTo, padTo, widthOf, wrapTo } from '../output/width.ts';
import { count } from '../terminal.ts';

const SEVERITIES: Readonly<Record<string, readonly [string, Tone]>> = {
  emergency: ['EMERGENCY', 'bad'],
  error: ['ERROR', 'bad'],
  warning: ['WARNING', 'wait'],
  waiting: ['WAITING', 'wait'],
};
/** As wide as the longest word. */
export const INDENT = 'EMERGENCY'.length + 2;
/** Causes in a line each that have room below the first ones. */
const SHORT = 3;

/**
 * What needs a person, worst first: as many as there is room for with all that is known, then in a line each, then their
 * number. `left`: how many more the service knows of.
 */
export function drawNeeds(
  needs: readonly Need[],
  left: number,
  room: number,
  paper: Paper,
): readonly Line[] {
  const lines: Line[] = [];
  let shown = 0;
  for (const need of needs) {
    const block = blockOf(need, paper);
    const after = Math.min(needs.length - shown - 1, SHORT);
    // A blank line before each block, before those in a line each, and their number below.
    if (lines.length + 1 + block.length + (after === 0 ? 0 : after + 2) > room) break;
    lines.push('', ...block);
    shown += 1;
  }
  const rest = needs.slice(shown);
  const fits = Math.max(0, room - lines.length - 1);
  const isAll = left === 0 && rest.length <= fits;
  const short = isAll ? rest : rest.slice(0, Math.max(0, fits - 1));
  if (short.length > 0) lines.push('', ...short.map((need) => lineOf(need, paper)));
  const more = rest.length - short.length + left;
  if (more > 0) lines.push(sayMore(more));
  return lines;
}

function sayMore(more: number): Line {
  const text = `${' '.repeat(INDENT)}and ${count(more, 'more cause')}: `;
  return [text, { text: 'countersign status --all', tone: 'command' }];
}

/** What is wrong, since when and where, what was said of it, and what to type. */
function blockOf(need: Need, paper: Paper): readonly Line[] {
  const { title, detail, command } = need;
  const width = paper.columns - INDENT;
  const indent = ' '.repeat(INDENT);
  const [first = '', ...more] = wrapTo(sayText(title, paper), width);
  const facts = [sayOrigin(need, paper), detail && sayText(detail, paper), sayPlaces(need, width)];
  return [
    [severityOf(need), { text: first, tone: 'strong' }],
    ...more.map((text): Line => [indent, { text, tone: 'strong' }]),
    ...facts
      .flatMap((fact) => (fact ? factLines(fact, width, paper) : []))
      .map((text) => indent + text),
    // Never broken: it is there to be copied.
    ...(command === undefined ? [] : [[indent, { text: command, tone: 'command' } as const]]),
  ];
}

/** Two lines of what others wrote are enough on a screen. */
function factLines(fact: string, width: number, { wide }: Paper): readonly string[] {
  const lines = wrapTo(fact, width);
  if (wide || lines.length <= 2) return lines;
  return [lines[0] ?? '', cutTo(lines.slice(1).join(' '), width)];
}

function sayOrigin({ since, waitsFor }: Need, { now }: Paper): string {
  return [
    ...(since === undefined ? [] : [sayWhen(since, now)]),
    ...(waitsFor === undefined ? [] : [`waits for ${waitsFor}`]),
  ].join('; ');
}

/** As many of the places as one line has room for, and how many more there are. */
function sayPlaces({ examples, syncs, clusters }: Need, width: number): string {
  const named = [...new Set(examples.map(({ sync }) => sync))];
  const [sync] = named;
  const isAlike = named.length === 1 && sync !== undefined;
  const places = examples.map((one) => {
    const cluster = shortCluster(one.cluster);
    return isAlike || one.sync === undefined ? cluster : `${cluster} ${one.sync}`;
  });
  const amount = sync === undefined ? clusters : syncs;
  const texts = places.map((_, at) => {
    const shown = places.slice(0, places.length - at);
    const more = amount > shown.length ? ` and ${amount - shown.length} more` : '';
    return `${isAlike ? `${sync} on ` : ''}${shown.join(', ')}${more}`;
  });
  return texts.find((text) => widthOf(text) <= width) ?? texts.at(-1) ?? '';
}

/** One line, where there is no room for more. */
function lineOf(need: Need, paper: Paper): Line {
  const age = need.since === undefined ? '' : `, ${sayAge(need.since, paper.now)}`;
  const text = cutTo(
    sayText(need.title, paper),
    Math.max(INDENT, paper.columns - INDENT - age.length),
  );
  return [severityOf(need), text, { text: age, tone: 'quiet' }];
}

function severityOf({ severity }: Need): Span {
  const [word, tone] = SEVERITIES[severity] ?? [severity, undefined];
  return { text: padTo(word, INDENT), tone };
}
