import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Staging } from '#shared/reconcile/deps.ts';
import { answerProblem, problem } from '#shared/http/problem.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../guard.ts';
import { linkTo } from '../link.ts';
import type { StagedDeps } from './deps.ts';
import { findRollout } from './find-rollout.ts';
import { listRollouts } from './list-rollouts.ts';
import { type RolloutPage, rolloutRoute, rolloutsRoute } from './operation.ts';
import { createClusterReader } from './read-clusters.ts';
import { viewRollout } from './view-rollout.ts';

/**
 * What roll-outs are read and decided with; undefined where the config names no `records`, so that there are none.
 *
 * @example
 * const staged = openStaged(deps, deps.staging);
 */
export function openStaged(deps: ApiDeps, staging: Staging | undefined): StagedDeps | undefined {
  return staging && { ...deps, staging, clusters: createClusterReader({ ...deps, staging }) };
}

/** Mounts what reads roll-outs. */
export function mountRollouts(api: OpenAPIHono<ApiEnv>, deps: StagedDeps | undefined): void {
  api.openapi(rolloutsRoute, async (c) => {
    const query = c.req.valid('query');
    const page = deps === undefined ? NONE : await listRollouts(query, deps);
    c.header('cache-control', 'no-store');
    if (page.next !== undefined) c.header('link', linkTo(c.req.url, page.next));
    return c.json(page);
  });
  api.openapi(rolloutRoute, async (c) => {
    const found = deps && (await findRollout(c.req.valid('param').id, deps));
    if (deps === undefined || found === undefined) return answerProblem(ABSENT);
    c.header('cache-control', 'no-store');
    return c.json(await viewRollout(found, deps));
  });
}

const NONE: RolloutPage = { rollouts: [], lost: [] };

const ABSENT = problem(
  404,
  'not-found',
  'No roll-out has this id: there was none, or a newer digest has replaced it; see GET /v1/rollouts',
);
