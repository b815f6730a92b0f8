import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { problemOf } from '#shared/http/problem.ts';
import { checkShape } from '#shared/http/read-json.ts';
import { requireInvoker } from '../check-person.ts';
import { explainSync } from '../explain/explain-sync.ts';
import { ExplainQuery } from '../explain/operation.ts';
import { FleetQuery } from '../fleet/operation.ts';
import { readSnapshot, type SnapshotDeps } from '../fleet/read-snapshot.ts';
import { readRequest } from '../fleet/request.ts';
import type { ApiEnv } from '../guard.ts';
import { ResyncBody } from '../resync/operation.ts';
import { previewResync } from '../resync/preview-resync.ts';
import { requestOnce, type ResyncDeps } from '../resync/request-resync.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { IdempotencyHeaders } from '../schema.ts';
import { MARK, SCRIPT, STYLE } from './assets.ts';
import { explainPage } from './explain-page.ts';
import { failurePage } from './failure-page.ts';
import { createFreezesSection } from './freezes-section.ts';
import { fleetPage } from './fleet-page.ts';
import { type Markup, searchOf } from './layout.ts';
import { createSummary } from './read-summary.ts';
import { resyncPage } from './resync-page.ts';
import { createRolloutsSection } from './rollouts-section.ts';

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

/** A resync that was just asked for, as the page that it leads to is asked for. */
const Id = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const Count = z.string().regex(/^[0-9]{1,6}$/);
const Asked = z.object({ asked: Id.optional(), tasked: Count.optional() });
const Form = z.record(z.string(), z.string());
/** The pages themselves, without what they load. */
export const PAGES = ['/', '/explain', '/resync'] as const;
const ASSETS = Object.entries({
  '/page.css': ['text/css', STYLE],
  '/page.js': ['text/javascript', SCRIPT],
  '/page.svg': ['image/svg+xml', MARK],
} as const);
/** Of the assets: short, so that a new version shows. */
const ASSET_MAX_AGE_SECONDS = 60;

export interface PageDeps extends ResyncDeps, SnapshotDeps {
  /** Absent where the config names no `records`. */
  readonly staged: StagedDeps | undefined;
}

/** Mounts the page for people: works without a script, updates itself with one. */
export function mountPage(
  api: OpenAPIHono<ApiEnv>,
  guard: MiddlewareHandler<ApiEnv>,
  deps: PageDeps,
): void {
  const summary = createSummary(deps);
  const freezes = createFreezesSection(deps.staged);
  const rollouts = createRolloutsSection(deps.staged);
  for (const path of PAGES) api.use(path, setHeaders, guard);
  for (const [path, [type, text]] of ASSETS) {
    api.get(path, setHeaders, (c) => {
      c.header('cache-control', `public, max-age=${ASSET_MAX_AGE_SECONDS}`);
      return c.body(text, 200, { 'content-type': `${type}; charset=utf-8` });
    });
  }
  api.get('/', (c) =>
    answerPage(c, async () => {
      const { asked: id, tasked, ...rest } = readFields(c.req.query());
      const query = checkShape(FleetQuery, rest, 'query');
      const { asked } = checkShape(Asked, { asked: id, tasked }, 'query');
      const notice = asked === undefined ? undefined : { id: asked, clusters: Number(tasked ?? 0) };
      return fleetPage({
        answer: await readSnapshot(readRequest(query), deps),
        query,
        ...defined({ asked: notice }),
        summary: await summary(),
        freezes: await freezes(c.get('log')),
        rollouts: await rollouts(c.get('log')),
        person: c.get('person'),
        now: deps.now(),
      });
    }),
  );
  api.get('/explain', (c) =>
    answerPage(c, async () => {
      const query = checkShape(ExplainQuery, readFields(c.req.query()), 'query');
      const explanation = await explainSync(query, deps);
      if (explanation !== undefined) return explainPage(explanation, c.get('person'));
      throw new CountersignError('cluster-not-found', 'This cluster has no such RSync');
    }),
  );
  api.post('/resync', (c) => answerPage(c, () => answerForm(c, deps)));
}

async function answerForm(c: Context<ApiEnv>, deps: ResyncDeps): Promise<Markup | Response> {
  const person = c.get('person');
  requireInvoker(person);
  const form = checkShape(Form, await c.req.parseBody(), 'form');
  const { step, key, ...fields } = readFields(form);
  const body = checkShape(ResyncBody, fields, 'form');
  if (step !== 'confirm') {
    const preview = await previewResync(body, deps);
    return resyncPage({ body, preview, person, key: deps.newId() });
  }
  const { 'idempotency-key': sent } = checkShape(
    IdempotencyHeaders,
    { 'idempotency-key': key },
    'form',
  );
  const outcome = await requestOnce({ body, person, key: sent }, deps, c.get('log'));
  if (outcome.status !== 'accepted') throw new CountersignError('bad-request', outcome.message);
  const { image, cluster } = body;
  const tasked = `${outcome.clusters}`;
  return c.redirect(`/?${searchOf({ image, cluster, asked: outcome.id, tasked })}`, 303);
}

/** A failure is a page too. */
async function answerPage(
  c: Context<ApiEnv>,
  make: () => Promise<Markup | Response>,
): Promise<Response> {
  c.header('cache-control', 'no-store');
  try {
    const page = await make();
    return page instanceof Response ? page : c.html(page);
  } catch (error) {
    const failure = toFailure(error);
    const problem = problemOf(failure);
    if (failure.code === 'internal') c.get('log').error({ error: failure }, 'Page failed');
    return c.html(failurePage(problem, c.get('person')), statusOf(problem.status));
  }
}

/** The statuses that browsers and their users know. */
function statusOf(status: number): 400 | 403 | 404 | 500 | 503 {
  if (status === 403 || status === 404 || status === 500) return status;
  return status < 500 ? 400 : 503;
}

/** A form sends what was left empty, too. */
function readFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}
