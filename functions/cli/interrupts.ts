import { constants } from 'node:os';

/** Signals that end a command, from the keyboard or from another process. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What Ctrl-C does. */
export interface Interrupts {
  /** What is left undone should it come now, in a sentence. */
  leaves(undone: string): void;
  /** From now on the verb itself stops at a signal. */
  release(): void;
}

interface Deps {
  readonly process: Record<
    'on' | 'off',
    (signal: NodeJS.Signals, stop: (signal: NodeJS.Signals) => void) => unknown
  >;
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal, whose line may be begun. */
  readonly live: boolean;
  readonly exit: (code: number) => void;
}

/**
 * Ends the process at once at the first signal, with the code that shells give it, and says what was left undone.
 *
 * @example
 * const interrupts = createInterrupts({ process, err, live, exit: process.exit });
 */
export function createInterrupts({ process, err, live, exit }: Deps): Interrupts {
  let undone = 'nothing was changed';
  const stop = (signal: NodeJS.Signals): void => {
    err(`${live ? '\n' : ''}Interrupted: ${undone}\n`);
    exit(BASE + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return {
    leaves: (text) => {
      undone = text;
    },
    release: () => {
      for (const signal of SIGNALS) process.off(signal, stop);
    },
  };
}

/** What shells add to the number of a signal. */
const BASE = 128;
