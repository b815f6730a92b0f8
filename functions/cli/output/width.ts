import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { cleanLine } from '#shared/core/foreign-text.ts';

const DOTS = '…';

/** Columns that a text of one line takes in a terminal: two for a wide character, none for a combining one. */
export function widthOf(text: string): number {
  return stringWidth(cleanLine(text));
}

/** The text with blanks up to `width` columns. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/**
 * As much of a text as `width` columns have room for, with dots where something is left out: at its end, or, where the
 * end is what distinguishes it, at its start. No character is cut in two.
 *
 * @example
 * cutTo('registry.example/configs/platform:v1', 16, 'start') // '…igs/platform:v1'
 */
export function cutTo(text: string, width: number, at: 'start' | 'end' = 'end'): string {
  const clean = cleanLine(text);
  if (stringWidth(clean) <= width) return clean;
  const graphemes = Array.from(
    new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(clean),
    ({ segment }) => segment,
  );
  const kept: string[] = [];
  let left = width - stringWidth(DOTS);
  for (const grapheme of at === 'end' ? graphemes : graphemes.toReversed()) {
    left -= stringWidth(grapheme);
    if (left < 0) break;
    kept.push(grapheme);
  }
  return at === 'end'
    ? `${kept.join('').trimEnd()}${DOTS}`
    : `${DOTS}${kept.toReversed().join('')}`;
}

/** The text in lines of `width` columns at the most, broken at blanks: a digest or an image stays in one piece. */
export function wrapTo(text: string, width: number): readonly string[] {
  const clean = cleanLine(text);
  if (stringWidth(clean) <= width) return [clean];
  return wrapAnsi(clean, Math.max(1, width), { hard: false, trim: true }).split('\n');
}
