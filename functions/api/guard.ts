import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { matchedRoutes } from 'hono/route';
import { LRUCache } from 'lru-cache';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { AppEnv } from '#shared/http/app.ts';
import { type Problem, answerProblem, problem } from '#shared/http/problem.ts';
import type { CheckPerson, Person } from './check-person.ts';
import { COSTLY_CALL, MAX_CALLERS, SPEND_PER_MINUTE } from './limits.ts';

export interface ApiEnv {
  readonly Variables: AppEnv['Variables'] & { readonly person: Person };
}

export interface GuardDeps {
  readonly checkPerson: CheckPerson;
  readonly rateLimit: ReturnType<typeof createRateLimit>;
  /** Answers who is turned away; without it that is thrown, and becomes a problem document. */
  readonly refuse?: (c: Context<ApiEnv>, failure: CountersignError) => Response | Promise<Response>;
  /** Answers what is wrong with a request alone; without it that is a problem document. */
  readonly answer?: (
    c: Context<ApiEnv>,
    problem: Problem,
    waitMs?: number,
  ) => Response | Promise<Response>;
}

/**
 * Who asks, how often, and from which page: before any handler, whatever it does.
 *
 * @example
 * api.use('/v1/*', createGuard({ checkPerson, rateLimit }));
 */
export function createGuard(deps: GuardDeps): MiddlewareHandler<ApiEnv> {
  const { checkPerson, rateLimit, refuse } = deps;
  const { answer = (_, found, waitMs) => answerProblem(found, waitMs) } = deps;
  return createMiddleware<ApiEnv>(async (c, next) => {
    const { method } = c.req;
    const isChange = !SAFE.has(method);
    const isForm = isChange && !c.req.path.startsWith('/v1/');
    let person: Person;
    try {
      if (isChange && isServed(c) && isForeign(c.req.raw, isForm)) {
        throw new CountersignError('forbidden', 'The request comes from another site');
      }
      person = await checkPerson(c.req.raw.headers);
    } catch (error) {
      if (refuse === undefined) throw error;
      return refuse(c, toFailure(error));
    }
    const waitMs = rateLimit(person.name, costOf(c));
    if (waitMs !== undefined) {
      const detail = 'Too many requests from this caller: wait as long as Retry-After says';
      return answer(c, problem(429, 'rate-limited', detail), waitMs);
    }
    // A body that is passed over would be taken for an empty one, which asks for the whole fleet.
    const expected = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    if (isChange && method !== 'DELETE' && isServed(c)) {
      if (typeOf(c) !== expected) {
        const detail = `The content-type of the request must be ${expected}`;
        return answer(c, problem(415, 'unsupported-media-type', detail));
      }
      if (!/^(?:identity)?$/i.test(c.req.header('content-encoding') ?? '')) {
        const detail = 'The body of the request must be sent without a content-encoding';
        return answer(c, problem(415, 'unsupported-media-type', detail));
      }
      // JSON has no parameters, and what parses it refuses some.
      c.req.raw.headers.set('content-type', expected);
    }
    c.set('person', person);
    c.set('log', c.get('log').child({ actor: person.name }));
    return next();
  });
}

/** The type of the body, without its parameters. */
function typeOf(c: Context): string {
  const [type = ''] = (c.req.header('content-type') ?? '').toLowerCase().split(';', 1);
  return type.trim();
}

/** Whether the path takes this method: what it does not take is answered with 404 or 405, whatever its body is. */
function isServed(c: Context): boolean {
  return matchedRoutes(c).some(({ method }) => method === c.req.method);
}

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Reads that ask a cluster or a registry, or go through many entries of a database. */
const COSTLY_READ = /\/(?:explain|plan|history|holds|track)$/;

/** What asks clusters or registries costs more than what reads the snapshot. */
function costOf(c: Context): number {
  const costly = !SAFE.has(c.req.method) || COSTLY_READ.test(c.req.path);
  return costly || c.req.query('live') === 'true' ? COSTLY_CALL : 1;
}

/**
 * Whether a page of another site made a browser send this: IAP's cookie, or a loopback address, would let it in. A
 * browser names the Origin of each request that changes something; what names none is no browser, unless it says
 * `Sec-Fetch-Site`. A form has to prove that it is the page's own, for it needs no script.
 */
function isForeign({ headers, url }: Pick<Request, 'headers' | 'url'>, isForm: boolean): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return true;
  const origin = headers.get('origin');
  return origin === null ? isForm && site === null : hostOf(origin) !== hostOf(url);
}

/** Host and port; undefined for `null`, which sandboxed pages send. */
function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.host : undefined;
}

/**
 * A token bucket for each caller, in this instance: a courtesy to others, not a defence. Spends `cost` of what `caller`
 * has; where that is too little, it spends nothing, and gives the milliseconds until it will be enough.
 *
 * @example
 * const waitMs = createRateLimit(now)('ops@acme.example', COSTLY_CALL);
 */
export function createRateLimit(
  now: () => Date,
): (caller: string, cost: number) => number | undefined {
  const buckets = new LRUCache<string, { readonly tokens: number; readonly at: number }>({
    max: MAX_CALLERS,
  });
  const perMs = SPEND_PER_MINUTE / 60_000;
  return (caller, cost) => {
    const at = now().getTime();
    const last = buckets.get(caller) ?? { tokens: SPEND_PER_MINUTE, at };
    const tokens = Math.min(SPEND_PER_MINUTE, last.tokens + (at - last.at) * perMs);
    if (tokens < cost) return Math.ceil((cost - tokens) / perMs);
    buckets.set(caller, { tokens: tokens - cost, at });
    return undefined;
  };
}
