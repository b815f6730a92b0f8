import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import { parseChallenges, tokenUrl } from './challenge.ts';
import { basicAuthorization, type CredentialSources, googleAuthorization } from './credential.ts';
import type { HostAccess } from './host-access.ts';
import type { RegistryLimits } from './limits.ts';
import { failureOf, misbehaved, type Send } from './send.ts';

export interface Authorizer {
  /** What to send unasked; undefined: nothing. Where a grant has expired, a new one is asked for first. */
  current(access: HostAccess, path: string, signal: AbortSignal): Promise<string | undefined>;
  /** What to send after a 401 to `refused`. Throws `registry-denied` when there is nothing better. */
  renew(
    access: HostAccess,
    path: string,
    refused: { readonly sent: string | undefined; readonly challenge: string | null },
    signal: AbortSignal,
  ): Promise<string>;
}

export interface AuthorizerDeps extends CredentialSources {
  readonly send: Send;
  readonly limits: RegistryLimits;
  readonly now: () => Date;
}

interface Grant {
  readonly authorization: string;
  readonly until: number;
}

interface Kept extends Grant {
  /** What it was granted for, and what its successor is asked for by. */
  readonly challenge: string | null;
}

const MAX_GRANTS = 1_000;
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
 * const authorization = await authorizer.current(accessTo(host, registries), path);
 */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { send, limits, now } = deps;
  const grants = new LRUCache<string, Kept>({ max: MAX_GRANTS });
  const join = createSingleFlight<Grant>();

  function isGood({ until }: Grant): boolean {
    return until > now().getTime();
  }

  /** Asks for a grant, once for all who wait for it. */
  async function grant(
    access: HostAccess,
    path: string,
    challenge: string | null,
    signal: AbortSignal,
  ): Promise<string> {
    const key = keyOf(access, path);
    const { authorization } = await join(key, async () => {
      const granted = await requestGrant(access, path, challenge, signal);
      grants.set(key, { ...granted, challenge });
      return granted;
    });
    return authorization;
  }

  async function requestGrant(
    access: HostAccess,
    path: string,
    header: string | null,
    signal: AbortSignal,
  ): Promise<Grant> {
    const challenges = parseChallenges(header ?? '');
    const bearer = challenges?.find(({ scheme }) => scheme === 'bearer');
    const basic = await basicAuthorization(access, path, deps);
    if (bearer === undefined) {
      if (!challenges?.some(({ scheme }) => scheme === 'basic')) {
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

  return {
    async current(access, path, signal) {
      if (access.auth === 'google') return googleAuthorization(access, deps);
      const key = keyOf(access, path);
      const known = grants.get(key);
      if (known === undefined || isGood(known)) return known?.authorization;
      try {
        // By what was asked before: else all who ask at once would be refused first.
        return await grant(access, path, known.challenge, signal);
      } catch {
        // The registry says anew what it wants; what is wrong with that is thrown then.
        grants.delete(key);
        return undefined;
      }
    },
    async renew(access, path, { sent, challenge }, signal) {
      // Google's token is never traded at a realm: a 401 to it is final.
      if (access.auth === 'google') throw denied(access, 'refuses the Google token');
      const newer = grants.get(keyOf(access, path));
      if (newer !== undefined && newer.authorization !== sent && isGood(newer)) {
        return newer.authorization;
      }
      return grant(access, path, challenge, signal);
    },
  };
}

function keyOf(access: HostAccess, path: string): string {
  return `${access.host} ${path}`;
}

function expiry(from: Date, lifeSeconds: number): number {
  return from.getTime() + Math.max(lifeSeconds - MARGIN_S, lifeSeconds / 2) * 1000;
}

function denied(access: HostAccess, why: string): CountersignError {
  const message = `Registry ${access.host} ${why}: fix "auth" of its entry in "registries"`;
  return new CountersignError('registry-denied', message);
}
