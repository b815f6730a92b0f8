import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import type * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { answerProblem, problem } from '#shared/http/problem.ts';
import { requireInvoker } from './check-person.ts';
import { cleanAnswer } from './clean-answer.ts';
import type { ApiDeps } from './deps.ts';
import { explainSync } from './explain/explain-sync.ts';
import { explainRoute } from './explain/operation.ts';
import { answerFleet } from './fleet/answer-fleet.ts';
import { fleetRoute } from './fleet/operation.ts';
import { createTroubles } from './fleet/present.ts';
import { mountFreezes } from './freezes/mount-freezes.ts';
import { type ApiEnv, createGuard, createRateLimit } from './guard.ts';
import { mountHolds } from './holds/mount-holds.ts';
import { mountHistory } from './history/mount-history.ts';
import { overviewRoute } from './overview/operation.ts';
import { createOverview } from './overview/read-overview.ts';
import { createTallyReader } from './overview/read-tally.ts';
import { answerInBrowser, answerStranger } from './page/failure-page.ts';
import { mountPage, PAGES } from './page/mount-page.ts';
import { type ResyncAccepted, resyncRoute } from './resync/operation.ts';
import { previewResync } from './resync/preview-resync.ts';
import { rememberAnswers, requestOnce } from './resync/request-resync.ts';
import { mountRollouts, openStaged } from './rollouts/mount-rollouts.ts';
import { answerTrack } from './track/answer-track.ts';
import { trackRoute } from './track/operation.ts';
import { verifyImage, verifyRoute } from './verify-image.ts';

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'Countersign',
    version: '1',
    description: 'See, ask and re-run what Countersign does for the clusters of a fleet',
  },
  servers: [{ url: '/', description: 'Where this document is' }],
  // The empty one: IAP has signed its callers in before we see them, and on loopback no token is needed.
  security: [{ idToken: [] }, {}],
};

/** What is wrong with a parameter that is a text wherever it is there, and there once. */
function sayOfQuery(issue: z.core.$ZodIssue | undefined): string | undefined {
  if (issue?.code !== 'invalid_type') return issue?.message;
  return issue.message.endsWith('array') ? 'is given more than once' : 'is missing';
}

/**
 * Every operation of the API, and the document that describes them: to be mounted on an app that has health, readiness
 * and problem documents (docs/api.md).
 *
 * @example
 * app.route('/', createApi(deps));
 */
export function createApi(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const api = new OpenAPIHono<ApiEnv>({
    defaultHook(result) {
      if (result.success) return;
      const [issue] = result.error.issues;
      const place = [result.target, ...(issue?.path.map(String) ?? [])].join('.');
      const message = result.target === 'query' ? sayOfQuery(issue) : issue?.message;
      throw new CountersignError('bad-request', `${place}: ${message ?? 'is wrong'}`);
    },
  });
  api.onError((error) => {
    if (!(error instanceof HTTPException)) throw error;
    // Hono's own validators speak plain text; what they refuse is the request's fault.
    return answerProblem(problem(400, 'bad-request', error.message));
  });
  const { checkPerson, now } = deps;
  const rateLimit = createRateLimit(now);
  const answerOnce = rememberAnswers();
  const staged = openStaged(deps, deps.staging);
  const seen = { ...deps, staged, answerOnce, troubles: createTroubles(deps) };
  const counted = { ...seen, tally: createTallyReader(seen) };
  const overview = createOverview(counted);
  const all = { ...counted, overview };
  for (const path of ['/v1/*', ...PAGES]) api.use(path, cleanAnswer);
  api.use('/v1/*', createGuard({ checkPerson, rateLimit }));
  api.openapi(fleetRoute, (c) => answerFleet(c, c.req.valid('query'), all));
  api.openapi(overviewRoute, async (c) => {
    c.header('cache-control', 'no-store');
    return c.json(await overview(c.get('log')));
  });
  api.openapi(explainRoute, async (c) => {
    const explanation = await explainSync(c.req.valid('query'), all);
    return explanation === undefined
      ? answerProblem(problem(404, 'not-found', 'This cluster has no such RSync'))
      : Response.json(explanation);
  });
  api.openapi(trackRoute, async (c) =>
    Response.json(await answerTrack(c.req.valid('query'), deps)),
  );
  api.openapi(verifyRoute, async (c) =>
    Response.json(await verifyImage(c.req.valid('json').image, deps)),
  );
  api.openapi(resyncRoute, async (c) => {
    const body = c.req.valid('json');
    const person = c.get('person');
    if (body.dryRun === true) {
      requireInvoker(person);
      return Response.json(await previewResync(body, deps));
    }
    const { 'idempotency-key': key } = c.req.valid('header');
    const outcome = await requestOnce({ body, person, key }, all, c.get('log'));
    if (outcome.status === 'rejected') {
      return answerProblem(problem(409, 'rollout-rejected', outcome.message));
    }
    if (outcome.status !== 'accepted') {
      return answerProblem(problem(422, 'not-verified', outcome.message));
    }
    const { id, clusters } = outcome;
    return Response.json({ id, clusters } satisfies ResyncAccepted, { status: 202 });
  });
  mountRollouts(api, staged);
  mountFreezes(api, staged);
  mountHolds(api, deps);
  mountHistory(api, deps);
  api.openAPIRegistry.registerComponent('securitySchemes', 'idToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'ID token for the audience of `access.api`',
  });
  api.doc31('/openapi.json', ABOUT);
  mountPage(
    api,
    createGuard({
      checkPerson,
      rateLimit,
      refuse: answerStranger,
      answer: answerInBrowser,
    }),
    all,
  );
  return api;
}
