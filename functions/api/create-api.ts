import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { answerProblem, problem } from '#shared/http/problem.ts';
import { cleanAnswer } from './clean-answer.ts';
import type { ApiDeps } from './deps.ts';
import { createTroubles } from './fleet/present.ts';
import { type ApiEnv, createGuard, createRateLimit } from './guard.ts';
import { MAX_CALLERS, SPEND_PER_MINUTE } from './limits.ts';
import { answerStranger } from './page/failure-page.ts';
import { mountPage, PAGES } from './page/mount-page.ts';
import { rememberAnswers, type ResyncOutcome } from './resync/request-resync.ts';
import { answerExplain, explainRoute } from './routes/explain.ts';
import { answerFleet, fleetRoute } from './routes/fleet.ts';
import { answerResync, resyncRoute } from './routes/resync.ts';
import { answerVerify, verifyRoute } from './routes/verify.ts';

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'Countersign',
    version: '1',
    description: 'See, ask and re-run what Countersign does for the clusters of a fleet',
  },
  // The empty one: IAP has signed its callers in before we see them, and on loopback no token is needed.
  security: [{ idToken: [] }, {}],
};

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
      throw new CountersignError('bad-request', `${place}: ${issue?.message ?? 'is wrong'}`);
    },
  });
  api.onError((error) => {
    if (!(error instanceof HTTPException)) throw error;
    // Hono's own validators speak plain text; what they refuse is the request's fault.
    const code: FailureCode = 'bad-request';
    return answerProblem(problem(400, code, error.message));
  });
  const rateLimit = createRateLimit({
    perMinute: SPEND_PER_MINUTE,
    callers: MAX_CALLERS,
    now: deps.now,
  });
  const { checkPerson } = deps;
  for (const path of ['/v1/*', ...PAGES]) api.use(path, cleanAnswer);
  api.use('/v1/*', createGuard({ checkPerson, rateLimit }));
  const answers = rememberAnswers<ResyncOutcome>();
  const troubles = createTroubles(deps);
  api.openapi(fleetRoute, (c) => answerFleet(c, c.req.valid('query'), { ...deps, troubles }));
  api.openapi(explainRoute, (c) => answerExplain(c.req.valid('query'), deps));
  api.openapi(verifyRoute, (c) => answerVerify(c.req.valid('json').image, deps));
  api.openapi(resyncRoute, (c) => {
    const { 'idempotency-key': key } = c.req.valid('header');
    return answerResync(c, { body: c.req.valid('json'), key }, { ...deps, answers });
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'idToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'ID token for the audience of `access.api`',
  });
  api.doc31('/openapi.json', ABOUT);
  mountPage(api, createGuard({ checkPerson, rateLimit, refuse: answerStranger }), {
    ...deps,
    answers,
    troubles,
  });
  return api;
}
