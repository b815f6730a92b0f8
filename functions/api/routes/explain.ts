import { createRoute } from '@hono/zod-openapi';
import { answerProblem, problem } from '#shared/http/problem.ts';
import type { ApiDeps } from '../deps.ts';
import { explainSync } from '../explain/explain-sync.ts';
import { ExplainQuery, Explanation } from '../schema/explain.ts';
import { answersOf } from '../schema/common.ts';
import type * as z from 'zod';

export const explainRoute = createRoute({
  method: 'get',
  path: '/v1/explain',
  operationId: 'explain',
  summary: "Why an RSync is, or is not, on its tag's digest",
  request: { query: ExplainQuery },
  responses: answersOf({
    200: {
      description: 'Each step with its finding, and one sentence',
      content: { 'application/json': { schema: Explanation } },
    },
  }),
});

/** Answers with the explanation, or 404 where the cluster has no such RSync. */
export async function answerExplain(
  query: z.infer<typeof ExplainQuery>,
  deps: ApiDeps,
): Promise<Response> {
  const explanation = await explainSync(query, deps);
  return explanation === undefined
    ? answerProblem(problem(404, 'not-found', 'This cluster has no such RSync'))
    : Response.json(explanation);
}
