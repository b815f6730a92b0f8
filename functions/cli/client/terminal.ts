import { cleanLine, escapeJson } from '#shared/core/foreign-text.ts';

/** A person's terminal, or a script's pipes. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether what is written to `err` can be overwritten. */
  readonly live: boolean;
}

/** Prints `value` as JSON, whose unseen characters are escapes. */
export function printJson({ out }: Pick<Terminal, 'out'>, value: unknown, indent = 2): void {
  out(`${escapeJson(JSON.stringify(value, null, indent))}\n`);
}

/** Prints one line for each text: line breaks and control characters of others are replaced. */
export function printLines({ out }: Pick<Terminal, 'out'>, lines: readonly string[]): void {
  out(lines.map((line) => `${cleanLine(line)}\n`).join(''));
}

/** One line that says how far it is: overwritten in a terminal, written anew on each change elsewhere. */
export interface Progress {
  show(line: string): void;
  /** Leaves the terminal with a line of its own. */
  end(): void;
}

const CLEAR_LINE = '\r\u001b[2K';

/**
 * Progress on standard error.
 *
 * @example
 * const progress = createProgress(terminal);
 * progress.show('12 of 40 live');
 */
export function createProgress({ err, live }: Pick<Terminal, 'err' | 'live'>): Progress {
  let shown: string | undefined;
  return {
    show(line) {
      if (line === shown) return;
      err(live ? `${CLEAR_LINE}${line}` : `${line}\n`);
      shown = line;
    },
    end() {
      if (live && shown !== undefined) err('\n');
      shown = undefined;
    },
  };
}
