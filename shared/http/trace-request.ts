import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Tracing } from '#shared/core/tracing.ts';
import type { AppEnv } from './app.ts';

/**
 * Makes each request of a route a step of its trace, for what is no message: people's calls, a sweep, a review. It is
 * told by its route: a path may have a secret in it.
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
