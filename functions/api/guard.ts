import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { LRUCache } from 'lru-cache';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { AppEnv } from '#shared/http/app.ts';
import { answerProblem, problem } from '#shared/http/problem.ts';
import type { CheckPerson, Person } from './check-person.ts';
import { COSTLY_CALL } from './limits.ts';

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

/**
 * Who asks, how often, and from which page: before any handler, whatever it does.
 *
 * @example
 * api.use('/v1/*', createGuard({ checkPerson, rateLimit }));
 */
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

/**
 * Refuses what a page of another site made a browser send: IAP's cookie, or a loopback address, would let it in. A
 * browser names the Origin of every POST; what names none is no browser, unless it says `Sec-Fetch-Site`. A form asks
 * for the proof, for it needs no script. Throws `forbidden`.
 */
function checkOrigin(
  { headers, url }: Pick<Request, 'headers' | 'url'>,
  { needed }: { readonly needed: boolean },
): void {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') throw foreign();
  const origin = headers.get('origin');
  if (origin === null) {
    if (needed && site === null) throw foreign();
    return;
  }
  if (hostOf(origin) !== hostOf(url)) throw foreign();
}

/** Host and port; undefined for `null`, which sandboxed pages send. */
function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')
    ? undefined
    : url.host;
}

function foreign(): CountersignError {
  return new CountersignError('forbidden', 'The request comes from another site');
}

export interface RateLimitOptions {
  readonly perMinute: number;
  /** Callers that are remembered. */
  readonly callers: number;
  readonly now: () => Date;
}

/**
 * Spends `cost` of what `caller` has. Milliseconds until that will be there, having spent nothing, where it is not;
 * undefined where it was.
 */
export type RateLimit = (caller: string, cost: number) => number | undefined;

/**
 * A token bucket for each caller, in this instance: a courtesy to others, not a defence.
 *
 * @example
 * const waitMs = createRateLimit({ perMinute: 240, callers: 10_000, now })('ops@acme.example', 10);
 */
export function createRateLimit({ perMinute, callers, now }: RateLimitOptions): RateLimit {
  const buckets = new LRUCache<string, { readonly tokens: number; readonly at: number }>({
    max: callers,
  });
  const perMs = perMinute / 60_000;
  return (caller, cost) => {
    const at = now().getTime();
    const last = buckets.get(caller) ?? { tokens: perMinute, at };
    const tokens = Math.min(perMinute, last.tokens + (at - last.at) * perMs);
    if (tokens < cost) return Math.ceil((cost - tokens) / perMs);
    buckets.set(caller, { tokens: tokens - cost, at });
    return undefined;
  };
}
