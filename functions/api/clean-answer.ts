import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { cleanText, escapeJson } from '#shared/core/foreign-text.ts';
import type { ApiEnv } from './guard.ts';

/**
 * What others wrote is in most answers: in JSON its unseen characters become escapes, the same value, and in text and
 * on the page U+FFFD, so that none of it rules a terminal or reads in another order than it is written.
 */
export const cleanAnswer: MiddlewareHandler<ApiEnv> = createMiddleware(async (c, next) => {
  await next();
  const type = c.res.headers.get('content-type') ?? '';
  const clean = cleanerOf(type);
  if (clean === undefined || c.res.body === null) return;
  const before = await c.res.text();
  c.res = new Response(clean(before), c.res);
});

function cleanerOf(type: string): ((text: string) => string) | undefined {
  if (/^application\/(?:[a-z.-]+\+)?json\b/.test(type)) return escapeJson;
  return /^text\/(?:plain|html)\b/.test(type) ? cleanText : undefined;
}
