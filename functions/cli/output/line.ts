import { styleText } from 'node:util';
import { cleanLine } from '#shared/core/foreign-text.ts';

/** What a piece of a line means. The word says so as well: a colour alone says nothing. */
export type Tone = 'ok' | 'wait' | 'bad' | 'quiet' | 'strong' | 'command';

/** A piece of a line with its meaning. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** One line for people, in pieces. Text of others is cleaned when the line is rendered, and not before. */
export type Line = string | readonly (string | Span)[];

const STYLES = {
  ok: 'green',
  wait: 'yellow',
  bad: 'red',
  quiet: 'dim',
  strong: 'bold',
  command: 'cyan',
} as const;

/** The line as it is written: what would rule a terminal is replaced, and only then come the colours. */
export function renderLine(line: Line, colour: boolean): string {
  if (typeof line === 'string') return cleanLine(line).trimEnd();
  const spans = line.map((part) => (typeof part === 'string' ? { text: part } : part));
  const last = spans.findLastIndex(({ text }) => text.trim() !== '');
  return spans
    .slice(0, last + 1)
    .map(({ text, tone }, at) => {
      const clean = at === last ? cleanLine(text).trimEnd() : cleanLine(text);
      return colour && tone !== undefined ? paint(clean, tone) : clean;
    })
    .join('');
}

function paint(text: string, tone: Tone): string {
  // Whether there are colours has been decided: this is not asked of a stream again.
  return styleText(STYLES[tone], text, { validateStream: false });
}

/** The text of a line without its tones. */
export function textOf(line: Line): string {
  return renderLine(line, false);
}
