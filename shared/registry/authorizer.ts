import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';
import { within } from '#shared/net/within.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import { parseChallenges, tokenUrl } from './challenge.ts';
import { basicAuthorization, type CredentialSources, googleAuthorization } from './credential.ts';
import type { HostAccess } from './host-access.ts';
import type { RegistryLimits } from './limits.ts';
import { type Answer, failureOf, misbehaved, type Send } from './send.ts';

/** A repository, as it is dialled. */
interface Target {
  readonly access: HostAccess;
  readonly path: string;
}

export interface Authorizer {
  /**
   * The answer to a request that `send` makes: with what the registry is known to want, and once more after a 401 of the
   * registry itself. Of a host that was never asked the first request finds out what it wants, for all that come meanwhile.
   * Throws `registry-denied` if there is nothing better to send.
   */
  ask(
    target: Target,
    send: (authorization: string | undefined) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer>;
}

export interface AuthorizerDeps extends CredentialSources {
  readonly send: Send;
  readonly limits: RegistryLimits;
  readonly now: () => Date;
}

interface Grant {
  /** Undefined: for so long the registry is asked without any. */
  readonly authorization: string | undefined;
  readonly until: number;
}

interface Kept extends Grant {
  /** What it was granted for, and what its successor is asked for by. */
  readonly challenge: string | null;
}

const MAX_GRANTS = 1_000;
const MAX_HOSTS = 1_000;
/** Longer than an answer takes; of a host that does not answer all find out by themselves. */
export const MEETING_MS = 1_000;
/** Docker registry token specification: a token without `expires_in` lives 60 seconds. */
const DEFAULT_LIFE_S = 60;
const MAX_LIFE_S = 3_600;
/** A token is renewed this long before it expires, or after half its life if that is sooner. */
const MARGIN_S = 15;
/** RFC 6750 `b64token`: what cannot break out of a header. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,16384}=*$/;

/** Docker registry token specification: `token`, or OAuth's name for the same. */
export const tokenSchema = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/**
 * Credentials per host and scope: Google's token as it is, anything else as the registry's challenge asks, with the
 * token kept until shortly before it expires and asked for once however many requests wait for it.
 *
 * @example
 * const authorizer = createAuthorizer({ send, limits: DEFAULT_LIMITS, now, googleToken });
 * const answer = await authorizer.ask({ access, path }, (authorization) => send({ ...request, authorization }, signal), signal);
 */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { send, limits, now } = deps;
  const grants = new LRUCache<string, Kept>({ max: MAX_GRANTS });
  const join = createSingleFlight<string>();
  /** The challenge of each host that has answered; null: it has asked for nothing. */
  const challenges = new LRUCache<string, { readonly last: string | null }>({ max: MAX_HOSTS });
  const meetings = new Map<string, Promise<void>>();

  function isGood({ until }: Grant): boolean {
    return until > now().getTime();
  }

  /** Asks for a grant, once for all who wait for it. */
  function grant(target: Target, challenge: string | null, signal: AbortSignal): Promise<string> {
    const key = keyOf(target);
    return join(key, async () => {
      const granted = await requestGrant(target, challenge, signal);
      grants.set(key, { ...granted, challenge });
      challenges.set(target.access.host, { last: challenge });
      return granted.authorization;
    });
  }

  async function requestGrant(
    { access, path }: Target,
    header: string | null,
    signal: AbortSignal,
  ): Promise<{ readonly authorization: string; readonly until: number }> {
    const offers = parseChallenges(header ?? '');
    const bearer = offers?.find(({ scheme }) => scheme === 'bearer');
    const basic = await basicAuthorization(access, path, deps);
    if (bearer === undefined) {
      if (!offers?.some(({ scheme }) => scheme === 'basic')) {
        throw denied(access, 'answers 401 without a challenge that can be met');
      }
      if (basic === undefined) throw denied(access, 'wants a user name and password');
      return { authorization: basic, until: expiry(now(), DEFAULT_LIFE_S) };
    }
    // Our own scope, not the challenge's: never more than pulling from the repository that was asked for.
    const url = tokenUrl(access, bearer, `repository:${path}:pull`);
    const asked = now();
    const request = { url, accept: 'application/json', authorization: basic, redirects: 0 };
    const answer = await send({ ...request, maxBytes: limits.smallBytes }, signal);
    if (answer.status !== 200) {
      throw failureOf(answer, `Token request to ${url.host} for ${access.host}/${path}`, asked);
    }
    const { data = {} } = tokenSchema.safeParse(parseJson(answer.bytes));
    const { token = data.access_token ?? '', expires_in: life = DEFAULT_LIFE_S } = data;
    if (TOKEN.test(token)) {
      return { authorization: `Bearer ${token}`, until: expiry(asked, Math.min(life, MAX_LIFE_S)) };
    }
    throw misbehaved(`Token service ${url.host}`, 'gives no token');
  }

  /** What to send unasked; undefined: nothing. */
  async function current(target: Target, signal: AbortSignal): Promise<string | undefined> {
    const { access } = target;
    if (access.auth === 'google') return googleAuthorization(access, deps);
    const key = keyOf(target);
    const known = grants.get(key);
    if (known !== undefined && isGood(known)) return known.authorization;
    // By what was asked before, of another repository if need be: else all who ask at once would be refused first.
    const challenge = known?.challenge ?? challenges.get(access.host)?.last ?? null;
    if (challenge === null) return undefined;
    try {
      return await grant(target, challenge, signal);
    } catch {
      // The registry says anew what it wants; what is wrong with that is thrown then.
      const until = expiry(now(), DEFAULT_LIFE_S);
      grants.set(key, { authorization: undefined, until, challenge: null });
      return undefined;
    }
  }

  /** What to send after a 401 to `sent`. */
  async function renew(
    target: Target,
    sent: string | undefined,
    challenge: string | null,
    signal: AbortSignal,
  ): Promise<string> {
    // Google's token is never traded at a realm: a 401 to it is final.
    if (target.access.auth === 'google') throw denied(target.access, 'refuses the Google token');
    const newer = grants.get(keyOf(target));
    if (newer?.authorization !== undefined && newer.authorization !== sent && isGood(newer)) {
      return newer.authorization;
    }
    return grant(target, challenge, signal);
  }

  const exchange: Authorizer['ask'] = async (target, sendWith, signal) => {
    const sent = await current(target, signal);
    const answer = await sendWith(sent);
    const { host } = target.access;
    if (answer.status === 401 && !answer.foreign) {
      const challenge = answer.headers.get('www-authenticate');
      return sendWith(await renew(target, sent, challenge, signal));
    }
    if (!challenges.has(host)) challenges.set(host, { last: null });
    return answer;
  };

  return {
    async ask(target, sendWith, signal) {
      const { host, auth } = target.access;
      if (auth === 'google' || challenges.has(host)) return exchange(target, sendWith, signal);
      const meeting = meetings.get(host);
      if (meeting !== undefined) {
        await within(
          MEETING_MS,
          () => meeting,
          () => undefined,
        );
        signal.throwIfAborted();
        return exchange(target, sendWith, signal);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      meetings.set(host, promise);
      try {
        return await exchange(target, sendWith, signal);
      } finally {
        meetings.delete(host);
        resolve();
      }
    },
  };
}

function keyOf({ access, path }: Target): string {
  return `${access.host} ${path}`;
}

function expiry(from: Date, lifeSeconds: number): number {
  return from.getTime() + Math.max(lifeSeconds - MARGIN_S, lifeSeconds / 2) * 1000;
}

function denied(access: HostAccess, why: string): CountersignError {
  const message = `Registry ${access.host} ${why}: fix "auth" of its entry in "registries"`;
  return new CountersignError('registry-denied', message);
}
