import type { Hono } from 'hono';
import { type CallerOptions, identifyCaller } from './caller.ts';
import { type FleetHost, describeMembership } from './fleet-host.ts';
import { GoogleError } from './google-error.ts';
import type { GatewayEnv } from './app.ts';

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
      ...(end < all.length ? { nextPageToken: writeToken(end) } : {}),
      ...(unreachable.length === 0
        ? {}
        : { unreachable: unreachable.map((place) => `projects/${host.id}/locations/${place}`) }),
    });
  });
}

/** By id or number. Google does not tell strangers which projects there are. */
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
