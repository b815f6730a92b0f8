import { cleanLine } from '#shared/core/foreign-text.ts';
import type { Page } from './output/pager.ts';
import type { Format, View } from './output/view.ts';

/** 0: done or verified, 1: not, 2: could not be checked, or bad input, 3: timed out (docs/adr/0007). */
export type ExitCode = 0 | 1 | 2 | 3;

/** Where a command prints: results to `out`, everything else to `err`. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** The terminal or the pipes of the process. */
export interface Console extends Output {
  /** Whether what is written to `err` can be overwritten. */
  readonly live: boolean;
  /** The terminal that `out` goes to; absent: a pipe or a file. */
  readonly screen?: () => { readonly columns: number; readonly rows: number };
  /** Shows what is longer than the screen. */
  readonly page?: Page;
  /** Asks a person; absent: none sits there. */
  readonly ask?: (question: string) => Promise<string>;
}

/** What a verb prints on. What it writes to `out` by itself is cleaned on its way. */
export interface Terminal extends Pick<Console, 'out' | 'err' | 'live' | 'ask'> {
  /** No progress is to be shown. */
  readonly quiet: boolean;
  /** How results are shown; `nomos` only where a verb says so. */
  readonly format: Format | 'nomos';
  /** Shows a result, when the verb has ended. */
  readonly show: (view: View) => void;
}

/** Prints why there is no result, in one line, and gives the exit code: 3 where the time was up. */
export function printFailure(
  { err }: Pick<Output, 'err'>,
  { code, message, cause }: Pick<Error, 'message' | 'cause'> & { readonly code: string },
): ExitCode {
  const shown = code === 'internal' && cause instanceof Error ? cause.message : message;
  err(`${cleanLine(shown)} (${code})\n`);
  return code === 'deadline-exceeded' ? 3 : 2;
}

/** `1 cluster`, `2 clusters`. */
export function count(amount: number, noun: string, many = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : many}`;
}

const CLEAR_LINE = '\r\u001b[2K';

/**
 * Progress on standard error: one line, overwritten in a terminal, written anew on each change elsewhere. `end` leaves
 * the terminal with a line of its own.
 *
 * @example
 * const progress = createProgress(terminal);
 * progress.show('12 of 40 live');
 */
export function createProgress({ err, live, quiet }: Pick<Terminal, 'err' | 'live' | 'quiet'>): {
  show(text: string): void;
  end(): void;
  /** Takes the line away again, where that can be done. */
  clear(): void;
} {
  let shown: string | undefined;
  return {
    show(text) {
      const line = cleanLine(text);
      if (line === shown || quiet) return;
      err(live ? `${CLEAR_LINE}${line}` : `${line}\n`);
      shown = line;
    },
    end() {
      if (live && shown !== undefined) err('\n');
      shown = undefined;
    },
    clear() {
      if (live && shown !== undefined) err(CLEAR_LINE);
      shown = undefined;
    },
  };
}
