import type { MiddlewareHandler } from 'hono';
import type { Tracing } from '#shared/core/tracing.ts';
import type { AppEnv } from './app.ts';

/** Makes each request of a route a step of its trace, for what is no message: people's calls, a sweep, a review. */
export function traceRequest(tracing: Tracing): MiddlewareHandler<AppEnv> {
  return function traceEach(c, next) {
    const { method, path } = c.req;
    const attributes = { 'http.request.method': method, 'url.path': path };
    return tracing.span('receive request', { kind: 'server', attributes }, async (span) => {
      await next();
      const { status } = c.res;
      span.set({
        'http.response.status_code': status,
        'error.type': status >= 500 ? `${status}` : undefined,
      });
    });
  };
}
