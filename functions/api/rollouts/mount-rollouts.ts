import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { streamOf, versionsOf } from '#shared/core/track/stream.ts';
import { createSerial } from '#shared/net/serial.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import { type Problem, answerProblem, problem } from '#shared/http/problem.ts';
import { createFindRule } from '#shared/rollouts/find-rule.ts';
import { type Person, requireInvoker, requireOverrider } from '../check-person.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../guard.ts';
import { linkTo } from '../link.ts';
import { type Asked, type Decided, decide } from './decide.ts';
import type { StagedDeps } from './deps.ts';
import { type FoundRollout, findRollout } from './find-rollout.ts';
import { listRollouts } from './list-rollouts.ts';
import { type RolloutPage, rolloutRoute, rolloutsRoute } from './operation.ts';
import { planRoute } from './plan-operation.ts';
import { planRolloutOf } from './plan-rollout.ts';
import { createClusterReader } from './read-clusters.ts';
import { problemOfRefusal } from './refusals.ts';
import { DECISIONS, START, startRoute, type Verb } from './verbs.ts';
import { viewRecord, viewRollout } from './view-rollout.ts';

/**
 * What roll-outs are read and decided with; undefined where the config names no `records`, so that there are none.
 *
 * @example
 * const staged = openStaged(deps, deps.staging);
 */
export function openStaged(deps: ApiDeps, staging: Staging | undefined): StagedDeps | undefined {
  if (staging === undefined) return undefined;
  const clusters = createClusterReader({ ...deps, staging });
  const find = createFindRule(deps.rules, staging);
  return { ...deps, staging, clusters, serial: createSerial(), find };
}

/** Mounts what reads roll-outs, and each decision of the table. */
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
  for (const { verb, route } of DECISIONS) {
    api.openapi(route, async (c) => {
      const person = personFor(verb, c);
      const { 'idempotency-key': key } = c.req.valid('header');
      const of = { id: c.req.valid('param').id };
      const asked = { of, verb, body: c.req.valid('json'), person, key };
      if (deps === undefined) return answerProblem(ABSENT);
      return answerDecision(c, asked, await decide(asked, deps, c.get('log')));
    });
  }
  mountStart(api, deps);
  mountPlan(api, deps);
}

/** Who asks. Throws `forbidden` where that is none who may. */
function personFor({ right }: Pick<Verb, 'right'>, c: Context<ApiEnv>): Person {
  const person = c.get('person');
  if (right === 'invokers') requireInvoker(person);
  if (right === 'overriders') requireOverrider(person);
  return person;
}

/** Mounts what begins one. */
function mountStart(api: OpenAPIHono<ApiEnv>, deps: StagedDeps | undefined): void {
  api.openapi(startRoute, async (c) => {
    const person = personFor(START, c);
    if (deps === undefined) return answerProblem(UNSTAGED);
    const { 'idempotency-key': key } = c.req.valid('header');
    const body = c.req.valid('json');
    const of = { image: recordedImage(body.image, deps) };
    const asked = { of, verb: START, body, person, key };
    const decided = await decide(asked, deps, c.get('log'));
    return decided.status === 'absent'
      ? answerProblem(UNSTAGED)
      : answerDecision(c, asked, decided);
  });
}

/**
 * As a record names it: without a tag, that of the normal form; where versions are followed, their stream. Throws
 * `bad-request`, `bad-reference`.
 */
function recordedImage(text: string, { rules }: Pick<StagedDeps, 'rules'>): string {
  const reference = parseReference(text);
  const rule = rules.match(reference.repository);
  if (rule !== undefined && versionsOf(rule) !== undefined) return streamOf(reference.repository);
  if (reference.digest === undefined) return formatReference(reference);
  throw new CountersignError(
    'bad-request',
    'json.image: must be a tag alone; digest names the digest',
  );
}

/** Mounts what plans them. */
function mountPlan(api: OpenAPIHono<ApiEnv>, deps: StagedDeps | undefined): void {
  api.openapi(planRoute, async (c) => {
    const found = deps && (await findRollout(c.req.valid('param').id, deps));
    if (deps === undefined || found === undefined) return answerProblem(ABSENT);
    const plan = await planRolloutOf(found, c.req.valid('query').digest, deps);
    if (plan === undefined) return answerProblem(UNPLANNED);
    c.header('cache-control', 'no-store');
    return c.json(plan);
  });
}

const UNPLANNED = problem(
  404,
  'not-found',
  'The config has no strategy for this image any more: its digests go everywhere at once',
);

const UNSTAGED = problem(
  404,
  'not-found',
  'This image has no roll-outs: the config gives it no strategy, no RSync that follows it was seen yet, or its record is lost; see GET /v1/rollouts',
);

const NONE: RolloutPage = { rollouts: [], lost: [] };

const ABSENT = problem(
  404,
  'not-found',
  'No roll-out has this id: there was none, or a newer digest has replaced it; see GET /v1/rollouts',
);

function answerDecision(c: Context<ApiEnv>, { verb }: Asked, decided: Decided): Response {
  switch (decided.status) {
    case 'decided':
      return c.json(decided.answer);
    case 'absent':
      return answerProblem(ABSENT);
    case 'not-verified':
      return answerProblem(problem(422, 'not-verified', decided.message));
    case 'changed': {
      const detail = 'The roll-out has changed meanwhile: look at it, and decide again';
      return answerConflict(problem(409, 'rollout-changed', detail), decided.found);
    }
    case 'refused':
      return answerConflict(problemOfRefusal(decided, verb.name), decided.found);
  }
}

/** With the record as it is now, so that the caller need not ask again. */
function answerConflict(body: Problem, found: FoundRollout): Response {
  const extended = { ...body, rollout: viewRecord(found) };
  return answerProblem(extended);
}
