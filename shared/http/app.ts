import { Hono, type MiddlewareHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { routePath } from 'hono/route';
import { toFailure } from '#shared/core/errors.ts';
import { type Meter, noMeter } from '#shared/telemetry/metrics.ts';
import { noTracing, type Tracing } from '#shared/core/tracing.ts';
import type { Log } from './log.ts';
import { answerHealth } from './open-later.ts';
import { answerProblem, problem, problemOf } from './problem.ts';
import { readTrace } from './trace.ts';

export interface AppDeps {
  readonly log: Log;
  readonly tracing?: Tracing;
  readonly meter?: Meter;
  /**
   * Sends spans and metrics before the answer: afterwards there may be no CPU. `isIdle`: no other request is under way.
   */
  readonly flush?: (isIdle: boolean) => Promise<void>;
  /** Resolves when config and what it takes to work are within reach; its failure is what `/ready` says. */
  readonly ready: () => Promise<void>;
}

/** What our middleware leaves for handlers. */
export interface AppEnv {
  readonly Variables: { readonly log: Log };
}

export type App = Hono<AppEnv>;

/**
 * A Hono app with what every function has: a log per request, problem documents for whatever is thrown, 404 and 405,
 * and `/health` and `/ready` (never `/healthz`: Google's front end keeps that path to itself).
 *
 * @example
 * const app = createApp({ log, ready: async () => undefined });
 * app.post('/', withMessage(handle, deps));
 */
export function createApp(deps: AppDeps): App {
  const { log, tracing = noTracing, meter = noMeter, flush, ready } = deps;
  const app: App = new Hono();
  let underWay = 0;
  app.use(async (c, next) => {
    c.set('log', log);
    underWay += 1;
    await tracing.within(readTrace(c.req.raw.headers), next);
    underWay -= 1;
    await flush?.(underWay === 0);
  });
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const detail = `${c.req.method} is not allowed here; allowed: ${methods.join(', ')}`;
        const answer = answerProblem(problem(405, 'method-not-allowed', detail));
        answer.headers.set('allow', methods.join(', '));
        return answer;
      },
    }),
  );
  app.notFound(() => answerProblem(problem(404, 'not-found', 'There is nothing at this path')));
  app.onError((error, c) => {
    const failure = toFailure(error);
    const line = c.get('log') ?? log;
    const answer = problemOf(failure);
    const { method: requestMethod, path: requestUrl } = c.req;
    // As Cloud Logging shows a request; never the query, which is the caller's to keep.
    const httpRequest = { requestMethod, requestUrl, status: answer.status };
    const fields = { error: failure, httpRequest };
    if (failure.code === 'internal') line.error(fields, 'Request failed');
    else line.warn(fields, 'Request failed');
    if (answer.status >= 500) meter.record('request_failures', 1, { code: failure.code });
    return answerProblem(answer, failure.retryAfterMs);
  });
  app.get('/health', answerHealth);
  app.get('/ready', async (c) => {
    await ready();
    return c.json({ status: 'ready' });
  });
  return app;
}

/**
 * Makes each request of a route a step of its trace, for what is no message: people's calls, a sweep, a review. It is
 * named by its route: a path may have a secret in it.
 */
export function traceRequest(tracing: Tracing): MiddlewareHandler<AppEnv> {
  return function traceEach(c, next) {
    const attributes = { 'http.request.method': c.req.method };
    return tracing.span('receive request', { kind: 'server', attributes }, async (span) => {
      await next();
      const { status } = c.res;
      span.set({
        'http.route': routePath(c, -1),
        'http.response.status_code': status,
        'error.type': status >= 500 ? `${status}` : undefined,
      });
    });
  };
}
