import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { toFailure } from '#shared/core/errors.ts';
import type { ApiEnv } from '../guard.ts';
import type { Overview } from '../overview/operation.ts';
import { mountActions } from './actions/mount-actions.ts';
import { markOf, markPath, STATES } from './assets/mark.ts';
import { SCRIPT } from './assets/script.ts';
import { STYLE } from './assets/style.ts';
import { createEditions } from './live/editions.ts';
import type { PageDeps } from './page-deps.ts';
import { mountViews } from './views.ts';

/**
 * Nothing but our own style sheet and script, no inline code, no frame around us, no form that goes elsewhere: what
 * others push is shown on this page.
 */
const HEADERS = Object.entries({
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

const setHeaders: MiddlewareHandler<ApiEnv> = createMiddleware(async (c, next) => {
  await next();
  for (const [name, value] of HEADERS) c.header(name, value);
});

/** The pages themselves, without what they load. */
export const PAGES = [
  '/',
  '/fleet',
  '/images',
  '/image',
  '/explain',
  '/rollouts',
  '/rollout',
  '/freezes',
  '/history',
  '/help',
  '/act',
] as const;
const EVENTS = '/page/events';
const ASSETS = [
  ['/page.css', 'text/css', STYLE],
  ['/page.js', 'text/javascript', SCRIPT],
  ...STATES.map((state) => [markPath(state), 'image/svg+xml', markOf(state)] as const),
] as const;
/** Of the assets: short, so that a new version shows. */
const ASSET_MAX_AGE_SECONDS = 60;

/** Mounts the page for people: works without a script, updates itself with one. */
export function mountPage(
  api: OpenAPIHono<ApiEnv>,
  guard: MiddlewareHandler<ApiEnv>,
  deps: PageDeps,
): void {
  for (const path of [...PAGES, EVENTS]) api.use(path, setHeaders, guard);
  for (const [path, type, text] of ASSETS) {
    api.get(path, setHeaders, (c) => {
      c.header('cache-control', `public, max-age=${ASSET_MAX_AGE_SECONDS}`);
      return c.body(text, 200, { 'content-type': `${type}; charset=utf-8` });
    });
  }
  api.get(EVENTS, (c) => deps.streams.answer(c, createEditions(deps.overview, c.get('log'))));

  /** Around a view that has something to say of its own: without it, the view is shown all the same. */
  async function around(c: Context<ApiEnv>): Promise<Overview | undefined> {
    try {
      return await deps.overview(c.get('log'));
    } catch (error) {
      c.get('log').warn({ error: toFailure(error) }, 'The overview cannot be shown');
      return undefined;
    }
  }
  mountViews(api, deps, around);
  mountActions(api, deps, around);
}
