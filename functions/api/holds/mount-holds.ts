import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { answerProblem, problem } from '#shared/http/problem.ts';
import { requireInvoker } from '../check-person.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../guard.ts';
import { linkTo } from '../link.ts';
import { listHolds } from './list-holds.ts';
import {
  holdClusterRoute,
  holdsRoute,
  holdSyncRoute,
  liftClusterRoute,
  liftSyncRoute,
} from './operation.ts';
import { type AskedHold, orderHolds } from './order-holds.ts';

/** Mounts what lists holds, and what sets and lifts them. */
export function mountHolds(api: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  api.openapi(holdsRoute, async (c) => {
    const page = await listHolds(c.req.valid('query'), deps);
    c.header('cache-control', 'no-store');
    if (page.next !== undefined) c.header('link', linkTo(c.req.url, page.next));
    return c.json(page);
  });
  api.openapi(holdSyncRoute, async (c) => {
    const about = { ...c.req.valid('param'), ...c.req.valid('json') };
    return answer(c, { ...about, does: 'hold', key: keyOf(c.req.valid('header')) }, deps);
  });
  api.openapi(holdClusterRoute, async (c) => {
    const about = { ...c.req.valid('param'), ...c.req.valid('json') };
    return answer(c, { ...about, does: 'hold', key: keyOf(c.req.valid('header')) }, deps);
  });
  api.openapi(liftSyncRoute, async (c) => {
    const { reason, dryRun } = c.req.valid('query');
    const about = { ...c.req.valid('param'), reason, dryRun: dryRun === 'true' };
    return answer(c, { ...about, does: 'lift', key: keyOf(c.req.valid('header')) }, deps);
  });
  api.openapi(liftClusterRoute, async (c) => {
    const { reason, dryRun } = c.req.valid('query');
    const about = { ...c.req.valid('param'), reason, dryRun: dryRun === 'true' };
    return answer(c, { ...about, does: 'lift', key: keyOf(c.req.valid('header')) }, deps);
  });
}

function keyOf(headers: { readonly 'idempotency-key'?: string | undefined }): string | undefined {
  return headers['idempotency-key'];
}

type Wanted = Omit<AskedHold, 'person' | 'dryRun'> & { readonly dryRun?: boolean | undefined };

async function answer(c: Context<ApiEnv>, wanted: Wanted, deps: ApiDeps): Promise<Response> {
  const person = c.get('person');
  requireInvoker(person);
  const orders = deps.staging?.orders;
  if (orders === undefined) return answerProblem(NO_RECORDS);
  const asked = { ...wanted, dryRun: wanted.dryRun === true, person };
  const ordered = await orderHolds(asked, { ...deps, orders }, c.get('log'));
  if (ordered === undefined) return answerProblem(ABSENT);
  c.header('cache-control', 'no-store');
  return Response.json(ordered);
}

const ABSENT = problem(404, 'not-found', 'This cluster has no such RSync');

const NO_RECORDS = problem(
  422,
  'no-records',
  'The config names no records, in which a hold is ordered: add records, or annotate the RSync by hand where gate.mayHold lets you',
);
