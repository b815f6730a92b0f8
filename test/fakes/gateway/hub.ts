import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';

export type GatewayEnv = { Bindings: HttpBindings };

/** A fleet host project and what it holds. Tests change it while the gateway runs. */
export interface FleetHost {
  readonly id: string;
  readonly number: string;
  memberships: FakeMembership[];
  /** Locations that do not answer Hub; their clusters are reachable all the same. */
  unreachable?: string[];
}

export interface FakeMembership {
  readonly id: string;
  /** `global` or a region. */
  readonly location: string;
  /** Base URL of the cluster's API server. */
  readonly server: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** READY by default. */
  readonly state?: string;
  /** False for a cluster outside Google Cloud, reached by its agent. */
  readonly gke?: boolean;
  /** The DNS endpoint of its control plane; external: for callers from outside of its network. */
  dns?: { readonly host: string; readonly external: boolean };
}

/** The name by which Hub and its callers know it. */
export function fullName(host: Pick<FleetHost, 'id'>, { location, id }: FakeMembership): string {
  return `projects/${host.id}/locations/${location}/memberships/${id}`;
}

/** GKE Hub v1, Membership. */
function describeMembership(host: FleetHost, membership: FakeMembership): Record<string, unknown> {
  const { id, location, labels = {}, state = 'READY', gke = true } = membership;
  const resourceLink = `//container.googleapis.com/projects/${host.id}/locations/${location}/clusters/${id}`;
  return {
    name: fullName(host, membership),
    endpoint: gke ? { gkeCluster: { resourceLink } } : { kubernetesMetadata: {} },
    labels,
    state: { code: state },
    uniqueId: `${host.number}-${location}-${id}`,
  };
}

/** GKE Hub v1 and Cloud Resource Manager v3, as far as a fleet is read by them. */
export function addHubRoutes(
  app: Hono<GatewayEnv>,
  { hosts, callers }: { readonly hosts: readonly FleetHost[]; readonly callers: CallerOptions },
): void {
  app.get('/v3/projects/:project', (c) => {
    identifyCaller(c.req.raw.headers, 'resourcemanager.projects.get', callers);
    const { id, number } = findHost(hosts, c.req.param('project'));
    return c.json({ name: `projects/${number}`, projectId: id, state: 'ACTIVE' });
  });

  app.get('/v1/projects/:project/locations/:location/memberships', (c) => {
    identifyCaller(c.req.raw.headers, 'gkehub.memberships.list', callers);
    const host = findHost(hosts, c.req.param('project'));
    const location = c.req.param('location');
    const unreachable = host.unreachable ?? [];
    const all = host.memberships
      .filter((membership) => location === '-' || membership.location === location)
      .filter((membership) => !unreachable.includes(membership.location));
    const start = readToken(c.req.query('pageToken'));
    // Zero, and nothing said, is everything.
    const size = Number(c.req.query('pageSize') ?? 0) || all.length;
    const page = all.slice(start, start + size);
    const end = start + page.length;
    return c.json({
      resources: page.map((membership) => describeMembership(host, membership)),
      nextPageToken: end < all.length ? writeToken(end) : undefined,
      ...(unreachable.length === 0
        ? {}
        : { unreachable: unreachable.map((place) => `projects/${host.id}/locations/${place}`) }),
    });
  });
}

/** GKE v1, `projects.locations.clusters.list`, as far as DNS endpoints go. */
export function addClusterRoutes(
  app: Hono<GatewayEnv>,
  { hosts, callers }: { readonly hosts: readonly FleetHost[]; readonly callers: CallerOptions },
): void {
  app.get('/v1/projects/:project/locations/-/clusters', (c) => {
    identifyCaller(c.req.raw.headers, 'container.clusters.list', callers);
    const { memberships } = findHost(hosts, c.req.param('project'));
    return c.json({
      clusters: memberships
        .filter(({ gke = true }) => gke)
        .map(({ id, location, dns }) => ({
          name: id,
          location,
          ...(dns === undefined
            ? {}
            : {
                controlPlaneEndpointsConfig: {
                  dnsEndpointConfig: { endpoint: dns.host, allowExternalTraffic: dns.external },
                },
              }),
        })),
    });
  });
}

/** By id or number. Google does not show strangers which projects there are. */
function findHost(hosts: readonly FleetHost[], project: string): FleetHost {
  const host = hosts.find(({ id, number }) => project === id || project === number);
  if (host !== undefined) return host;
  throw new GoogleError('PERMISSION_DENIED', `Permission denied on project ${project}, or absent`);
}

function writeToken(offset: number): string {
  return Buffer.from(`at ${offset}`).toString('base64url');
}

function readToken(token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  const offset = /^at (\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (offset === undefined) throw new GoogleError('INVALID_ARGUMENT', 'The page token is unknown');
  return Number(offset);
}

/** Permissions that the fake knows, as IAM names them. */
export type Permission =
  | 'gkehub.memberships.list'
  | `gkehub.gateway.${'get' | 'post' | 'put' | 'patch' | 'delete'}`
  | 'container.clusters.list'
  | 'container.clusters.connect'
  | 'resourcemanager.projects.get';

export interface CallerOptions {
  /** Access token → e-mail address; changes while the gateway runs, as tokens do. */
  readonly identities: ReadonlyMap<string, string>;
  /** What IAM does not grant; everything is granted without it. */
  readonly denies?: (email: string, permission: Permission) => boolean;
}

/** Who calls, by his access token; refuses strangers, and those without the permission. */
export function identifyCaller(
  headers: Headers,
  permission: Permission,
  { identities, denies }: CallerOptions,
): string {
  const token = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  const email = identities.get(token);
  if (email === undefined) {
    throw new GoogleError('UNAUTHENTICATED', 'The access token is missing, unknown or expired');
  }
  if (denies?.(email, permission) === true) {
    throw new GoogleError('PERMISSION_DENIED', `Permission ${permission} denied to ${email}`);
  }
  return email;
}

const CODES = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  DEADLINE_EXCEEDED: 504,
} as const;

type GoogleCode = keyof typeof CODES;

/** An answer of Google's own, in Google's JSON: never to be taken for the API server's (docs/facts/google-cloud.md#fleet). */
export class GoogleError extends Error {
  override readonly name = 'GoogleError';
  readonly code: GoogleCode;
  readonly retryAfter: number | undefined;

  /** `retryAfter` in seconds. */
  constructor(code: GoogleCode, message: string, retryAfter?: number) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  toResponse(): Response {
    const status = CODES[this.code];
    const error = { code: status, message: this.message, status: this.code };
    const headers = new Headers();
    if (this.retryAfter !== undefined) headers.set('retry-after', String(this.retryAfter));
    return Response.json({ error }, { status, headers });
  }
}

/** What goes wrong with calls to one membership. */
export type GatewayFault =
  /** Neither agent nor cluster answers, and Hub does not show it. */
  | { readonly kind: 'dead' }
  /** The call goes on to the cluster then. */
  | { readonly kind: 'slow'; readonly until: Promise<void> }
  /** The cluster's own 429; `retryAfter` in seconds. */
  | { readonly kind: 'busy'; readonly retryAfter?: number }
  | { readonly kind: 'no-config-sync' }
  | { readonly kind: 'agent-down' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'gone' }
  /** The fleet's 429. */
  | { readonly kind: 'quota'; readonly retryAfter?: number };

interface FaultyCall {
  /** Of the cluster's API server. */
  readonly path: string;
  /** Ends when the caller has gone. */
  readonly closed: Promise<void>;
}

/** Lets the fault happen; the answer it gives, or none where the call goes on to the cluster. */
export async function applyFault(
  fault: GatewayFault,
  { path, closed }: FaultyCall,
): Promise<Response | undefined> {
  switch (fault.kind) {
    case 'dead':
      await closed;
      return new Response(null, { status: 504 });
    case 'slow':
      await fault.until;
      return undefined;
    case 'busy':
      return tooManyRequests(fault.retryAfter);
    case 'no-config-sync':
      // In plain text, as an API server says it of a path that it does not serve.
      return path.startsWith('/apis/configsync.gke.io/')
        ? new Response('404 page not found\n', { status: 404 })
        : undefined;
    case 'agent-down':
      throw new GoogleError('DEADLINE_EXCEEDED', 'The agent of the cluster does not answer');
    case 'denied':
      throw new GoogleError('PERMISSION_DENIED', 'Permission gkehub.gateway.get denied');
    case 'gone':
      throw new GoogleError('NOT_FOUND', 'The membership does not exist');
    case 'quota':
      throw new GoogleError('RESOURCE_EXHAUSTED', 'Quota exceeded', fault.retryAfter);
  }
}

/** meta/v1 Status, as API priority and fairness answers. */
function tooManyRequests(retryAfter: number | undefined): Response {
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'too many requests, please try again later',
    reason: 'TooManyRequests',
    code: 429,
  };
  return Response.json(body, { status: 429, headers });
}
