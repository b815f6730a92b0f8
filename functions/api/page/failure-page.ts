import type { Context } from 'hono';
import { html } from 'hono/html';
import type { CountersignError } from '#shared/core/errors.ts';
import { type Problem, answerProblem, problemOf } from '#shared/http/problem.ts';
import type { Person } from '../check-person.ts';
import type { ApiEnv } from '../guard.ts';
import { layout } from './layout.ts';
import type { Markup } from './words.ts';

/** What went wrong, for people, and the way on. */
export function failurePage(
  { title, detail, code }: Problem,
  person: Person | undefined,
  onward: Markup = html`<p class="onward"><a href="/">To the overview</a> <a href="/fleet">To the fleet</a> <a href="/help">What to do</a></p>`,
): Markup {
  return layout(
    { title, person },
    html`<h1>${title}</h1>
<p class="notice bad">${detail} (${code})</p>
${onward}`,
  );
}

/** Answers a caller without access: in a browser a page that says how people get in, elsewhere a problem document. */
export function answerStranger(
  c: Context<ApiEnv>,
  failure: CountersignError,
): Response | Promise<Response> {
  c.get('log').warn({ error: failure }, 'Turned away');
  return answerInBrowser(c, problemOf(failure), failure.retryAfterMs);
}

/** A problem as a page in a browser, elsewhere as a document. */
export async function answerInBrowser(
  c: Context<ApiEnv>,
  problem: Problem,
  waitMs?: number,
): Promise<Response> {
  const answer = answerProblem(problem, waitMs);
  if (!(c.req.header('accept') ?? '').includes('text/html')) return answer;
  const { headers, status } = answer;
  headers.set('content-type', 'text/html; charset=UTF-8');
  headers.set('cache-control', 'no-store');
  const page = failurePage(problem, undefined, WAYS_IN[status]);
  return new Response(await page, { status, headers });
}

const WAYS_IN: Readonly<Record<number, Markup>> = {
  401: html`<p>A browser signs in through Identity-Aware Proxy, which must stand in front of this service
(<code>access.api.mode: iap</code>). With mode <code>verify</code> only callers that send an ID token are admitted, which no browser does by itself:</p>
<pre>export COUNTERSIGN_URL=https://…
export AUDIENCE=…   # access.api.audience of the config
export COUNTERSIGN_TOKEN=$(gcloud auth print-identity-token --audiences=$AUDIENCE --impersonate-service-account=$ACCOUNT --include-email)
countersign status</pre>`,
  403: html`<p>The operator of this service decides who may look (<code>access.api.viewers</code>) and who may act
(<code>access.api.invokers</code>).</p>`,
};
