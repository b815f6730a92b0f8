import type { Context } from 'hono';
import { html } from 'hono/html';
import type { CountersignError } from '#shared/core/errors.ts';
import { type Problem, answerProblem, problemOf } from '#shared/http/problem.ts';
import type { Person } from '../check-person.ts';
import type { ApiEnv } from '../guard.ts';
import { type Markup, layout } from './layout.ts';

/** What went wrong, for people, and the way on. */
export function failurePage(
  { title, detail, code }: Problem,
  person: Person | undefined,
  onward: Markup = html`<p><a href="/">Back to the fleet</a></p>`,
): Markup {
  return layout(
    title,
    person,
    html`<h2>${title}</h2>
<p class="conclusion bad">${detail} (${code})</p>
${onward}`,
  );
}

/** Answers a caller without access: in a browser a page that says how people get in, elsewhere a problem document. */
export async function answerStranger(
  c: Context<ApiEnv>,
  failure: CountersignError,
): Promise<Response> {
  c.get('log').warn({ error: failure }, 'Turned away');
  const problem = problemOf(failure);
  const answer = answerProblem(problem, failure.retryAfterMs);
  if (!(c.req.header('accept') ?? '').includes('text/html')) return answer;
  const { headers, status } = answer;
  headers.set('content-type', 'text/html; charset=UTF-8');
  headers.set('cache-control', 'no-store');
  const page = failurePage(problem, undefined, WAYS_IN[status] ?? html``);
  return new Response(await page, { status, headers });
}

const WAYS_IN: Readonly<Record<number, Markup>> = {
  401: html`<p>A browser signs in through Identity-Aware Proxy, which must stand in front of this service
(<code>access.api.mode: iap</code>). With mode <code>verify</code> only callers that send an ID token are admitted, which no browser does by itself:</p>
<pre>export COUNTERSIGN_URL=https://…
export AUDIENCE=…   # access.api.audience of the config
export COUNTERSIGN_TOKEN=$(gcloud auth print-identity-token --audiences=$AUDIENCE --impersonate-service-account=$ACCOUNT --include-email)
npx countersign status</pre>`,
  403: html`<p>The operator of this service decides who may look (<code>access.api.viewers</code>) and who may resync
(<code>access.api.invokers</code>).</p>`,
};
