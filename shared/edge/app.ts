import { Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { toFailure } from '#shared/core/errors.ts';
import { logWithTrace } from './log.ts';
import type { Log } from './log.ts';
import { answerProblem, problem, problemOf } from './problem.ts';
import { readTrace } from './trace.ts';

export interface AppDeps {
  readonly log: Log;
  readonly projectId?: string;
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
 */
export function createApp({ log, projectId, ready }: AppDeps): App {
  const app: App = new Hono();
  app.use(async (c, next) => {
    c.set('log', logWithTrace(log, readTrace(c.req.raw.headers), projectId));
    await next();
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
    const fields = { error: failure, method: c.req.method, path: c.req.path };
    if (failure.code === 'internal') line.error(fields, 'Request failed');
    else line.warn(fields, 'Request failed');
    return answerProblem(problemOf(failure), failure.retryAfterMs);
  });
  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.get('/ready', async (c) => {
    await ready();
    return c.json({ status: 'ready' });
  });
  return app;
}
