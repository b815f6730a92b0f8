import { createProgress, type ExitCode } from '../terminal.ts';
import { ApiFailure } from '../api/call-api.ts';
import type { VerbDeps } from '../verb.ts';

/** What is waited for. */
export interface Wait {
  /** Asks the service once. What it throws that a later call may not meet is waited out. */
  look(elapsedMs: number): Promise<void>;
  /** What is known so far: a line for people, and the end of the wait, if that is what it is. */
  judge(elapsedMs: number): {
    readonly line?: string | undefined;
    readonly code?: ExitCode | undefined;
  };
  /** Whether the service has ever answered: without, the end is 2 and not 3 when the time is up. */
  isKnown(): boolean;
}

/** The snapshot changes with each sweep, a minute apart; the service lets a caller look far more often. */
const PERIOD_MS = 2_000;

/**
 * Looks every two seconds until what is known is an end, or `timeoutMs` are over. A service that does not answer for a
 * while is waited for, too. Throws `ApiFailure` for what the service refuses.
 *
 * @example
 * const code = await poll({ look, judge, isKnown }, 600_000, deps);
 */
export async function poll(
  wait: Wait,
  timeoutMs: number,
  { terminal, now, sleep, interrupts }: Pick<VerbDeps, 'terminal' | 'now' | 'sleep' | 'interrupts'>,
): Promise<ExitCode> {
  interrupts.leaves('the wait is over; what it waited for goes on, and nothing was changed');
  const progress = createProgress(terminal);
  const startedAt = now();
  try {
    for (;;) {
      try {
        await wait.look(now() - startedAt);
      } catch (error) {
        if (!isPassing(error)) throw error;
        progress.show(`The service does not answer: ${error.message}`);
      }
      const elapsed = now() - startedAt;
      const { line, code } = wait.judge(elapsed);
      if (line !== undefined) progress.show(line);
      if (code !== undefined) return code;
      if (elapsed >= timeoutMs) return wait.isKnown() ? 3 : 2;
      await sleep(Math.min(PERIOD_MS, timeoutMs - elapsed));
    }
  } finally {
    progress.end();
  }
}

/** What a later call may not meet: no answer, or a service that says "not now". */
function isPassing(error: unknown): error is ApiFailure {
  return (
    error instanceof ApiFailure &&
    (error.code === 'unreachable' || error.status === 429 || error.status >= 500)
  );
}
