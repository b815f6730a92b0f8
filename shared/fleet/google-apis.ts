import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import {
  GoogleFailure,
  askGoogle,
  authorizationFor,
  trustsOrigin,
} from '#shared/net/google-rest.ts';
import type { Authorization } from './transport.ts';
import type { ClientLimits } from './limits.ts';
import type { Verb } from './pace.ts';
import { createRepeat } from './transport.ts';

/** Where Google's APIs are: all that a fake of them changes. Base URLs have no slash at the end. */
export interface GoogleApis {
  readonly hub: string;
  /** Cloud Resource Manager. */
  readonly projects: string;
  /** Connect Gateway for memberships of a location. */
  readonly gateway: (location: string) => string;
  /** GKE. */
  readonly clusters: string;
  /** A control plane by the host of its DNS endpoint. */
  readonly dns: (host: string) => string;
  /** Whether an access token may be sent there (law 9): asked before each one is. */
  readonly trusts: (url: URL) => boolean;
}

const HUB = 'gkehub.googleapis.com';
const PROJECTS = 'cloudresourcemanager.googleapis.com';
const GATEWAY = 'connectgateway.googleapis.com';
const CLUSTERS = 'container.googleapis.com';
const HOSTS: ReadonlySet<string> = new Set([HUB, PROJECTS, GATEWAY, CLUSTERS]);
/** `us-west1-connectgateway.googleapis.com`: one label before Google's own domain, no port, no trailing dot. */
const REGIONAL_GATEWAY = /^[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?-connectgateway\.googleapis\.com$/;

/** `gke-UID.us-central1.gke.goog`, the DNS endpoint of a control plane: Google's own domain, no port, no trailing dot. */
export const DNS_ENDPOINT =
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63}){1,3}\.gke\.goog$/;

/** The real ones (docs/facts/google-cloud.md#fleet). */
export const GOOGLE_APIS: GoogleApis = {
  hub: `https://${HUB}`,
  projects: `https://${PROJECTS}`,
  clusters: `https://${CLUSTERS}`,
  dns: (host) => `https://${host}`,
  gateway: (location) => `https://${location === 'global' ? '' : `${location}-`}${GATEWAY}`,
  trusts: ({ protocol, host, username, password }) =>
    protocol === 'https:' &&
    username === '' &&
    password === '' &&
    (HOSTS.has(host) || REGIONAL_GATEWAY.test(host) || DNS_ENDPOINT.test(host)),
};

/** A fake of all of them at one origin, `http://127.0.0.1:8086`; what it gets must be no real token. */
export function emulatedApis(origin: string): GoogleApis {
  return {
    hub: origin,
    projects: origin,
    clusters: origin,
    dns: (host) => `${origin}/dns/${host}`,
    gateway: () => origin,
    trusts: trustsOrigin(origin),
  };
}

export interface GoogleIdentity {
  readonly apis: GoogleApis;
  /** An access token that is valid now; asked for before each attempt, so it is to remember it. */
  readonly googleToken: () => Promise<string>;
}

/**
 * Countersign's identity, for that URL and no other. Throws `fleet-unavailable`; `bad-config` where no token may go.
 */
export async function authorizeGoogle(
  url: URL,
  { apis: { trusts }, googleToken }: GoogleIdentity,
): Promise<Authorization> {
  try {
    return { headers: { Authorization: await authorizationFor(url, { googleToken, trusts }) } };
  } catch (error) {
    if (!(error instanceof GoogleFailure)) throw error;
    throw new CountersignError('fleet-unavailable', error.message, { cause: error.cause });
  }
}

export interface GoogleAsk {
  readonly url: URL;
  /** What is asked for, as a subject: `Memberships of project "p"`. */
  readonly what: string;
  /** What to do about a 403 or 404, unless the API is disabled. */
  readonly fix: string;
}

/**
 * What to do where a permission of the fleet is missing: infra/terraform has custom roles with no more than is needed,
 * `…FleetLister`, `…FleetReader` and `…FleetWriter` (docs/iam.md).
 */
export function grantFix(
  permission: string,
  roles: readonly ('Lister' | 'Reader' | 'Writer')[],
): string {
  const names = roles.map((role) => `countersignFleet${role}`).join(' or ');
  return `grant ${permission} on the fleet's project, by the custom role ${names} (docs/iam.md)`;
}

/** What to do where Connect Gateway denies a call. */
export function grantGateway(verb: Verb): string {
  return verb === 'patch'
    ? grantFix('gkehub.gateway.patch', ['Writer'])
    : grantFix('gkehub.gateway.get', ['Reader', 'Writer']);
}

/** One GET of a Google API, as JSON. Throws `bad-config` for 403 and 404, `fleet-unavailable` for all else. */
export type GoogleGet = (ask: GoogleAsk) => Promise<unknown>;

export interface GoogleGetDeps extends GoogleIdentity {
  readonly fetch: typeof fetch;
  readonly limits: ClientLimits;
}

/**
 * GETs with a token, a deadline, a largest answer and retries; redirects are failures.
 *
 * @example
 * const get = createGoogleGet({ fetch, apis: GOOGLE_APIS, googleToken, limits: DEFAULT_CLIENT_LIMITS });
 * const project = await get({ url, what: 'Number of project "p"', fix: 'grant resourcemanager.projects.get there' });
 */
export function createGoogleGet({ fetch, apis, googleToken, limits }: GoogleGetDeps): GoogleGet {
  const repeat = createRepeat(limits);
  const deps = { fetch, identity: { googleToken, trusts: apis.trusts } };
  return ({ url, what, fix }) =>
    repeat(async () => {
      const signal = AbortSignal.timeout(limits.callMs);
      try {
        return await askGoogle({ url, signal, maxBytes: limits.answerBytes }, deps);
      } catch (error) {
        if (!(error instanceof GoogleFailure)) throw error;
        const { httpStatus, retry, retryAfterMs, cause, enable } = error;
        const message = `${what} cannot be read from ${url.host}: ${error.message}`;
        if (httpStatus === 403 || httpStatus === 404) {
          throw new CountersignError('bad-config', `${message}; ${enable ?? fix}`);
        }
        const options = defined({ retry, retryAfterMs, cause });
        throw new CountersignError('fleet-unavailable', message, options);
      }
    });
}
