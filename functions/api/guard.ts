import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import type { AppEnv } from '#shared/http/app.ts';
import { answerProblem, problem } from '#shared/http/problem.ts';
import { checkOrigin } from './check-origin.ts';
import type { CheckPerson, Person } from './check-person.ts';
import { COSTLY_CALL } from './limits.ts';
import type { RateLimit } from './rate-limit.ts';

export interface ApiEnv {
  readonly Variables: AppEnv['Variables'] & { readonly person: Person };
}

export interface GuardDeps {
  readonly checkPerson: CheckPerson;
  readonly rateLimit: RateLimit;
  /** Answers who is turned away; without it that is thrown, and becomes a problem document. */
  readonly refuse?: (c: Context<ApiEnv>, failure: CountersignError) => Response | Promise<Response>;
}

const JSON_BODY = /^application\/json(?:;|$)/i;
const FORM_BODY = /^application\/x-www-form-urlencoded(?:;|$)/i;

/** Who asks, how often, and from which page: before any handler, whatever it does. */
export function createGuard(deps: GuardDeps): MiddlewareHandler<ApiEnv> {
  const { checkPerson, rateLimit, refuse } = deps;
  const identify = async ({ req }: Context<ApiEnv>, form: boolean): Promise<Person> => {
    if (req.method === 'POST') checkOrigin(req.raw, { needed: form });
    return checkPerson(req.raw.headers);
  };
  return createMiddleware<ApiEnv>(async (c, next) => {
    const form = c.req.method === 'POST' && !c.req.path.startsWith('/v1/');
    let person: Person;
    try {
      person = await identify(c, form);
    } catch (error) {
      if (refuse === undefined) throw error;
      return refuse(c, toFailure(error));
    }
    const waitMs = rateLimit(person.name, costOf(c));
    if (waitMs !== undefined) return answerTooMany(waitMs);
    if (c.req.method === 'POST' && !isExpected(c.req.header('content-type') ?? '', form)) {
      return answerMediaType(form);
    }
    c.set('person', person);
    c.set('log', c.get('log').child({ actor: person.name }));
    return next();
  });
}

/** What asks clusters or registries costs more than what reads the snapshot. */
function costOf(c: Context): number {
  const costly = c.req.method === 'POST' || c.req.path.endsWith('/explain');
  return costly || c.req.query('live') === 'true' ? COSTLY_CALL : 1;
}

/** A body that is passed over would be taken for an empty one, which asks for the whole fleet. */
function isExpected(type: string, form: boolean): boolean {
  return (form ? FORM_BODY : JSON_BODY).test(type);
}

function answerMediaType(form: boolean): Response {
  const expected = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const detail = `The content-type of the request must be ${expected}`;
  return answerProblem(problem(415, 'unsupported-media-type', detail));
}

function answerTooMany(waitMs: number): Response {
  const detail = 'Too many requests from this caller: wait as long as Retry-After says';
  return answerProblem(problem(429, 'rate-limited', detail), waitMs);
}
