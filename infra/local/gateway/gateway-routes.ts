import type { Context, Hono } from 'hono';
import { proxy } from 'hono/proxy';
import type { GatewayEnv } from './app.ts';
import { type CallerOptions, type Permission, identifyCaller } from './caller.ts';
import { type GatewayFault, applyFault } from './fault.ts';
import { type FakeMembership, type FleetHost, fullName } from './fleet-host.ts';
import { GoogleError } from './google-error.ts';
import type { Quota } from './quota.ts';

export interface GatewayDeps {
  readonly hosts: readonly FleetHost[];
  readonly callers: CallerOptions;
  readonly quota: Quota;
  /** By full name. */
  readonly faults: ReadonlyMap<string, GatewayFault>;
  /** Told of each call to a membership that exists, whatever becomes of it. */
  readonly onCall: (membership: string) => void;
}

const PATH = '/v1/projects/:number/locations/:location/:kind{gkeMemberships|memberships}/:id/*';
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  GET: 'gkehub.gateway.get',
  POST: 'gkehub.gateway.post',
  PUT: 'gkehub.gateway.put',
  PATCH: 'gkehub.gateway.patch',
  DELETE: 'gkehub.gateway.delete',
};

/** Connect Gateway v1: each call goes on to the membership's API server, as whoever makes it. */
export function addGatewayRoutes(app: Hono<GatewayEnv>, deps: GatewayDeps): void {
  app.all(PATH, async (c) => {
    const permission = PERMISSIONS[c.req.method] ?? 'gkehub.gateway.get';
    const email = identifyCaller(c.req.raw.headers, permission, deps.callers);
    const { host, membership } = findMembership(deps.hosts, c.req.param());
    const name = fullName(host, membership);
    deps.onCall(name);
    if (!deps.quota.take(host.number)) {
      throw new GoogleError('RESOURCE_EXHAUSTED', 'Quota of requests per minute exceeded');
    }
    const { pathname, search } = new URL(c.req.url);
    const path = `/${pathname.split('/').slice(8).join('/')}`;
    const fault = deps.faults.get(name);
    const answer = fault && (await applyFault(fault, { path, closed: closed(c) }));
    return answer ?? forward(c, `${membership.server}${path}${search}`, email);
  });
}

/** By number only, as the real one; and a GKE cluster by `gkeMemberships` only. */
function findMembership(
  hosts: readonly FleetHost[],
  asked: Readonly<Record<string, string | undefined>>,
): { host: FleetHost; membership: FakeMembership } {
  const host = hosts.find(({ number }) => number === asked['number']);
  const membership = host?.memberships.find(
    ({ id, location, gke = true }) =>
      id === asked['id'] &&
      location === asked['location'] &&
      gke === (asked['kind'] === 'gkeMemberships'),
  );
  if (host !== undefined && membership !== undefined) return { host, membership };
  throw new GoogleError('NOT_FOUND', `Membership ${asked['id']} was not found`);
}

/** The cluster sees the caller's name and never his token; what he says of himself does not count. */
function forward(c: Context<GatewayEnv>, url: string, email: string): Promise<Response> {
  const headers = new Headers(c.req.raw.headers);
  for (const name of c.req.raw.headers.keys()) {
    if (name.startsWith('impersonate-')) headers.delete(name);
  }
  for (const name of ['authorization', 'host']) headers.delete(name);
  headers.set('impersonate-user', email);
  const { method, body, signal } = c.req.raw;
  const request = { method, headers, signal, redirect: 'manual' } as const;
  return proxy(url, body === null ? request : { ...request, body });
}

function closed({ env: { outgoing } }: Context<GatewayEnv>): Promise<void> {
  return new Promise((resolve) => outgoing.once('close', resolve));
}
