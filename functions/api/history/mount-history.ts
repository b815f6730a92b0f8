import type { OpenAPIHono } from '@hono/zod-openapi';
import { answerProblem, problem } from '#shared/http/problem.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../guard.ts';
import { linkTo } from '../link.ts';
import { listHistory } from './list-history.ts';
import { historyRoute } from './operation.ts';

/** Mounts what reads the history. */
export function mountHistory(api: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  const { kept } = deps;
  api.openapi(historyRoute, async (c) => {
    const query = c.req.valid('query');
    if (kept === undefined) return answerProblem(NONE);
    const page = await listHistory(query, { ...deps, ...kept });
    c.header('cache-control', 'no-store');
    if (page.next !== undefined) c.header('link', linkTo(c.req.url, page.next));
    return c.json(page);
  });
}

const NONE = problem(
  422,
  'no-history',
  'No history is kept: give the config `history` and `records`, and deploy the function history',
);
