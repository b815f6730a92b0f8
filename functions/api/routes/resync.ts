import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { answerProblem, problem } from '#shared/http/problem.ts';
import { requireInvoker } from '../check-person.ts';
import type { ApiEnv } from '../guard.ts';
import { previewResync } from '../resync/preview-resync.ts';
import { requestOnce, type ResyncDeps } from '../resync/request-resync.ts';
import { answersOf } from '../schema/common.ts';
import { ResyncAccepted, ResyncBody, ResyncHeaders, ResyncPreview } from '../schema/resync.ts';

export const resyncRoute = createRoute({
  method: 'post',
  path: '/v1/resync',
  operationId: 'resync',
  summary: 'Look at clusters now',
  description:
    'Tasks the clusters that are named, or follow the image, or all; each resolves and verifies for itself. ' +
    'With `image` and `digest` that digest is approved, if it verifies, before the tag moves to it.',
  request: {
    headers: ResyncHeaders,
    body: { required: true, content: { 'application/json': { schema: ResyncBody } } },
  },
  responses: answersOf({
    200: {
      description: 'With `dryRun`: what would change, and why',
      content: { 'application/json': { schema: ResyncPreview } },
    },
    202: {
      description: 'The clusters are tasked',
      content: { 'application/json': { schema: ResyncAccepted } },
    },
  }),
});

/** Answers a resync, or its dry run. Throws `forbidden` for who may only look. */
export async function answerResync(
  c: Context<ApiEnv>,
  { body, key }: { readonly body: ResyncBody; readonly key: string | undefined },
  deps: ResyncDeps,
): Promise<Response> {
  const person = c.get('person');
  if (body.dryRun === true) {
    requireInvoker(person);
    return c.json((await previewResync(body, deps)) satisfies ResyncPreview, 200);
  }
  const outcome = await requestOnce({ body, person, key }, deps, c.get('log'));
  if (outcome.status === 'not-verified') {
    return answerProblem(problem(422, 'not-verified', outcome.message));
  }
  const { id, clusters } = outcome;
  return c.json({ id, clusters } satisfies ResyncAccepted, 202);
}
