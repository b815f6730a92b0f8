import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { cleanText, escapeJson } from '#shared/core/foreign-text.ts';
import type { ApiEnv } from './guard.ts';

const JSON_TYPE = /^application\/(?:[a-z.-]+\+)?json\b/;
const TEXT_TYPE = /^text\/(?:plain|html)\b/;

/**
 * What others wrote is in most answers: in JSON its unseen characters become escapes, the same value, and in text and
 * on the page U+FFFD, so that none of it rules a terminal or reads in another order than it is written.
 */
export const cleanAnswer: MiddlewareHandler<ApiEnv> = createMiddleware(async (c, next) => {
  await next();
  const type = c.res.headers.get('content-type') ?? '';
  const isJson = JSON_TYPE.test(type);
  if (c.res.body === null || !(isJson || TEXT_TYPE.test(type))) return;
  const text = await c.res.text();
  c.res = new Response(isJson ? escapeJson(text) : cleanText(text), c.res);
});
