import {
  type Check,
  type CheckQuestion,
  type Finding,
  type Placeholders,
  fillIn,
} from '#shared/core/rollout/checks.ts';
import { defined } from '#shared/core/defined.ts';
import { type Retry, createRetry } from '#shared/net/retry.ts';
import { askHttp } from './http.ts';
import { ASK_LIMITS } from './limits.ts';
import { type MonitoringDeps, askMonitoring } from './monitoring.ts';
import { NoAnswer } from './no-answer.ts';
import { askPrometheus } from './prometheus.ts';
import { judgeNumber } from './read-number.ts';
import type { SendDeps } from './send.ts';

export interface AskCheckDeps extends SendDeps, MonitoringDeps {
  readonly limits?: typeof ASK_LIMITS;
}

/** Asks one check. Never throws: what has no answer is `unknown`, with the reason. */
export type AskCheck = (check: Check, values: Placeholders) => Promise<Finding>;

/**
 * Asks checks, each within `ASK_LIMITS`.
 *
 * @example
 * const ask = createAskCheck({ fetch, readFile, googleToken });
 * const { outcome } = await ask(check, { digest, stage: 'canary' });
 */
export function createAskCheck({ limits = ASK_LIMITS, ...deps }: AskCheckDeps): AskCheck {
  const repeat = createRetry(limits, {
    helps: (error) => error instanceof NoAnswer && error.retry,
    late: (cause) => new NoAnswer('It did not answer in time', { retry: true, cause }),
  });
  return async ({ name, ask }, values) => {
    try {
      return { name, ...(await answer(ask, values, repeat, deps)) };
    } catch (error) {
      const known = error instanceof NoAnswer ? error.message : 'It could not be asked';
      return { name, outcome: 'unknown', problem: known };
    }
  };
}

async function answer(
  question: CheckQuestion,
  values: Placeholders,
  repeat: Retry,
  deps: Omit<AskCheckDeps, 'limits'>,
): Promise<Omit<Finding, 'name'>> {
  if (question.type === 'http') {
    const asked = { ...question, url: filled(question.url, values, encodeURIComponent) };
    const { outcome, status } = await repeat((signal) => askHttp(asked, signal, deps));
    const problem = outcome === 'failed' ? problemOf(question, status) : undefined;
    return defined({ outcome, value: String(status), problem });
  }
  const query = filled(question.query, values);
  const value = await repeat((signal) =>
    question.type === 'prometheus'
      ? askPrometheus({ ...question, query }, signal, deps)
      : askMonitoring({ ...question, query }, signal, deps),
  );
  return { outcome: judgeNumber(value, question.bound), value: String(value) };
}

function problemOf(
  { status, contains = '' }: Extract<CheckQuestion, { readonly type: 'http' }>,
  answered: number,
): string {
  return status === answered
    ? `Its body has no ${JSON.stringify(contains)} in it`
    : `It answered ${answered}, and not ${status}`;
}

function filled(text: string, values: Placeholders, encode?: (value: string) => string): string {
  const full = fillIn(text, values, encode);
  if (full !== undefined) return full;
  const message = 'What stands for a placeholder has a character that could be more than a name';
  throw new NoAnswer(message, { retry: false });
}
