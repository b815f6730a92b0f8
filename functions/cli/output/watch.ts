import { LONGEST_TIMER_MS } from '#shared/net/within.ts';
import { sayDate } from './times.ts';

/** What is watched, and where it is shown. */
export interface Watching<Code> {
  /** Looks once; what it throws ends the watch. */
  readonly look: () => Promise<{ readonly text: string; readonly code: Code }>;
  readonly out: (text: string) => void;
  /** Lines of a terminal, which is drawn over; absent: each look is a block of its own. */
  readonly rows?: () => number;
  readonly periodMs: number;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether to look again. A person ends it by Ctrl-C. */
  readonly goesOn: () => boolean;
}

const CLEAR = '\u001b[2J';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * Looks again and again. On a terminal each look is drawn over the one before, line by line, so that nothing flickers;
 * elsewhere it is a new block below its time. Gives the exit code of the last look.
 *
 * @example
 * await watch({ look, out, rows: () => 40, periodMs: 5_000, now, sleep, goesOn: () => true });
 */
export async function watch<Code>(watching: Watching<Code>): Promise<Code> {
  const { look, out, rows, periodMs, now, sleep, goesOn } = watching;
  if (rows !== undefined) out(CLEAR);
  for (;;) {
    const { text, code } = await look();
    const title = `${sayDate(now().toISOString())}, every ${periodMs / 1_000} s`;
    out(rows === undefined ? `${title}\n${text}\n` : frameOf(`${title}\n\n${text}`, rows()));
    if (!goesOn()) return code;
    await sleep(Math.min(periodMs, LONGEST_TIMER_MS));
  }
}

/** As many lines as there is room for, each cleared to its end. */
function frameOf(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n');
  const most = rows - 1;
  const shown =
    lines.length <= most
      ? lines
      : [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more lines`];
  return `${HOME}${shown.map((line) => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_BELOW}`;
}
