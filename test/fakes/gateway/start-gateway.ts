import { Hono, type Context } from 'hono';
import { proxy } from 'hono/proxy';
import { listen, type Listening } from '#infra/local/listen.ts';
import {
  type CallerOptions,
  type Permission,
  identifyCaller,
  type GatewayFault,
  applyFault,
  type FleetHost,
  type FakeMembership,
  fullName,
  GoogleError,
  addClusterRoutes,
  addHubRoutes,
  type GatewayEnv,
} from './hub.ts';

export interface GatewayOptions extends CallerOptions {
  readonly hosts: readonly FleetHost[];
  /** 0, and nothing said, takes any free port. */
  readonly port?: number;
  /** Requests a minute for each fleet host project. */
  readonly callsPerMinute?: number;
  /** Milliseconds; counts the quota's minute. */
  readonly now?: () => number;
}

export interface Gateway extends Pick<Listening, 'close'> {
  /** The origin of all three APIs. */
  readonly url: string;
  /** What is wrong with a membership, by full name; tests change it as they go. */
  readonly faults: Map<string, GatewayFault>;
  /** Calls through Connect Gateway to each membership so far, by full name. */
  readonly calls: ReadonlyMap<string, number>;
  /** Calls to each DNS endpoint so far, by its host. */
  readonly direct: ReadonlyMap<string, number>;
}

/**
 * Starts a fake of GKE Hub and Connect Gateway in front of clusters that run already, on loopback.
 *
 * @example const { url, faults } = await startGateway({ hosts: [host], identities });
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { hosts, port = 0, callsPerMinute = GATEWAY_CALLS_PER_MINUTE } = options;
  const now = options.now ?? (() => performance.now());
  const faults = new Map<string, GatewayFault>();
  const calls = new Map<string, number>();
  const direct = new Map<string, number>();
  const app = createGatewayApp({
    hosts,
    callers: options,
    quota: createQuota(callsPerMinute, now),
    faults,
    onCall: (name) => void calls.set(name, (calls.get(name) ?? 0) + 1),
    onDirect: (endpoint) => void direct.set(endpoint, (direct.get(endpoint) ?? 0) + 1),
  });
  const { host, close } = await listen(() => app, port);
  return { url: `http://${host}`, faults, calls, direct, close };
}

/** GKE Hub, Connect Gateway, GKE's DNS endpoints and what of Resource Manager they need: one server for all their hosts. */
function createGatewayApp(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  addHubRoutes(app, deps);
  addClusterRoutes(app, deps);
  addDnsRoutes(app, deps);
  addGatewayRoutes(app, deps);
  app.notFound(() => new GoogleError('NOT_FOUND', 'Method not found').toResponse());
  app.onError((error) =>
    error instanceof GoogleError
      ? error.toResponse()
      : new GoogleError('INTERNAL', 'Internal error').toResponse(),
  );
  return app;
}

interface GatewayDeps {
  readonly hosts: readonly FleetHost[];
  readonly callers: CallerOptions;
  readonly quota: Quota;
  /** By full name. */
  readonly faults: ReadonlyMap<string, GatewayFault>;
  /** Gets each call to a membership that exists, whatever becomes of it. */
  readonly onCall: (membership: string) => void;
  /** Gets the host of each DNS endpoint that is called. */
  readonly onDirect: (endpoint: string) => void;
}

/** DNS endpoints, by their hosts below one path: no quota, and no faults but those of the clusters. */
function addDnsRoutes(app: Hono<GatewayEnv>, deps: GatewayDeps): void {
  app.all('/dns/:host/*', async (c) => {
    const endpoint = c.req.param('host');
    const email = identifyCaller(c.req.raw.headers, 'container.clusters.connect', deps.callers);
    const membership = deps.hosts
      .flatMap(({ memberships }) => memberships)
      .find(({ dns }) => dns?.host === endpoint);
    if (membership?.dns?.external !== true) throw new GoogleError('NOT_FOUND', 'No such endpoint');
    deps.onDirect(endpoint);
    const { pathname, search } = new URL(c.req.url);
    return forward(
      c,
      `${membership.server}/${pathname.split('/').slice(3).join('/')}${search}`,
      email,
    );
  });
}

const PATH = '/v1/projects/:number/locations/:location/:kind{gkeMemberships|memberships}/:id/*';
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  GET: 'gkehub.gateway.get',
  POST: 'gkehub.gateway.post',
  PUT: 'gkehub.gateway.put',
  PATCH: 'gkehub.gateway.patch',
  DELETE: 'gkehub.gateway.delete',
};

/** Connect Gateway v1: each call goes on to the membership's API server, as its caller. */
function addGatewayRoutes(app: Hono<GatewayEnv>, deps: GatewayDeps): void {
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

/** Connect Gateway's own, for one fleet host project (docs/facts/google-cloud.md#fleet). */
const GATEWAY_CALLS_PER_MINUTE = 2_400;

const MINUTE_MS = 60_000;

/** Calls of the last minute, by project. */
interface Quota {
  /** Counts a call; false where it is one too many, and then not counted. */
  take(project: string): boolean;
}

function createQuota(perMinute: number, now: () => number): Quota {
  const taken = new Map<string, number[]>();
  return {
    take(project) {
      const since = now() - MINUTE_MS;
      const recent = (taken.get(project) ?? []).filter((at) => at > since);
      taken.set(project, recent);
      if (recent.length >= perMinute) return false;
      recent.push(now());
      return true;
    },
  };
}
