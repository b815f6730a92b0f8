import { foldLines } from '#shared/core/foreign-text.ts';
import { shorten } from './digests.ts';
import type { Paper } from './paper.ts';
import { sayTimes } from './times.ts';

/**
 * A text of the service in one line for people: its times relative, its digests shortened; whole with `-o wide`.
 *
 * @example
 * sayText(explanation.conclusion, paper)
 */
export function sayText(text: string, { wide, now }: Pick<Paper, 'wide' | 'now'>): string {
  const dated = sayTimes(foldLines(text), now);
  return wide ? dated : shorten(dated);
}
