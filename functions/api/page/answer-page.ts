import type { Context } from 'hono';
import { toFailure } from '#shared/core/errors.ts';
import { problemOf } from '#shared/http/problem.ts';
import type { ApiEnv } from '../guard.ts';
import { failurePage } from './failure-page.ts';
import type { Markup } from './words.ts';

/** Answers with a page; a failure is one too, with a way on. */
export async function answerPage(
  c: Context<ApiEnv>,
  make: () => Promise<Markup | Response>,
): Promise<Response> {
  c.header('cache-control', 'no-store');
  try {
    const page = await make();
    return page instanceof Response ? page : c.html(page);
  } catch (error) {
    const failure = toFailure(error);
    const problem = problemOf(failure);
    if (failure.code === 'internal') c.get('log').error({ error: failure }, 'Page failed');
    return c.html(failurePage(problem, c.get('person')), statusOf(problem.status));
  }
}

/** The statuses that browsers and their users know. */
function statusOf(status: number): 400 | 403 | 404 | 500 | 503 {
  if (status === 403 || status === 404 || status === 500) return status;
  return status < 500 ? 400 : 503;
}

/** A form sends what was left empty, too. */
export function readFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}
