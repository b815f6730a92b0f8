import type { OpenAPIHono } from '@hono/zod-openapi';
import { answerProblem, problem } from '#shared/http/problem.ts';
import { requireInvoker } from '../check-person.ts';
import type { ApiEnv } from '../guard.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { liftFreeze, readList, setFreeze, viewFreeze } from './change-freeze.ts';
import { freezeRoute, freezesRoute, unfreezeRoute } from './operation.ts';

/** Mounts what reads, sets and lifts freezes; `deps`: undefined where the config names no `records`. */
export function mountFreezes(api: OpenAPIHono<ApiEnv>, deps: StagedDeps | undefined): void {
  api.openapi(freezesRoute, async (c) => {
    const freezes = deps === undefined ? [] : await readList(deps);
    c.header('cache-control', 'no-store');
    return c.json({ freezes: freezes.map(viewFreeze) });
  });
  api.openapi(freezeRoute, async (c) => {
    const person = c.get('person');
    requireInvoker(person);
    if (deps === undefined) return answerProblem(NO_RECORDS);
    const { 'idempotency-key': key } = c.req.valid('header');
    return c.json(await setFreeze(c.req.valid('json'), { person, key }, deps, c.get('log')));
  });
  api.openapi(unfreezeRoute, async (c) => {
    const person = c.get('person');
    requireInvoker(person);
    if (deps === undefined) return answerProblem(NO_RECORDS);
    const { id } = c.req.valid('param');
    const lifted = await liftFreeze(id, c.req.valid('query'), { person }, deps, c.get('log'));
    return lifted === undefined ? answerProblem(ABSENT) : c.json(lifted);
  });
}

const NO_RECORDS = problem(
  422,
  'no-records',
  'A freeze is kept with the records: set `records` in the config, for all functions (docs/store.md#records)',
);

const ABSENT = problem(
  404,
  'not-found',
  'No freeze has this id: it was lifted, or has ended; see GET /v1/freezes',
);
