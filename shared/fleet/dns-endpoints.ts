import * as z from 'zod';
import { toFailure } from '#shared/core/errors.ts';
import {
  DNS_ENDPOINT,
  type GoogleApis,
  type GoogleGet,
  type GoogleIdentity,
  authorizeGoogle,
} from './google-apis.ts';
import type { Connection } from './transport.ts';

/** GKE v1, `projects.locations.clusters.list`, as far as DNS endpoints go. */
const clustersSchema = z.object({
  clusters: z
    .array(
      z.object({
        name: z.string(),
        location: z.string(),
        controlPlaneEndpointsConfig: z
          .object({
            dnsEndpointConfig: z
              .object({
                endpoint: z.string().optional(),
                /** False: only Google's own services may use it. */
                allowExternalTraffic: z.boolean().optional(),
              })
              .nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
});

const FIELDS = 'clusters(name,location,controlPlaneEndpointsConfig.dnsEndpointConfig)';

const LINK =
  /^\/\/container\.googleapis\.com\/projects\/(?<project>(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]{0,62}|[0-9]{1,20})\/(?:locations|zones)\/(?<location>[a-z0-9-]{1,40})\/clusters\/(?<cluster>[a-z0-9-]{1,63})$/;

/** A cluster of GKE's, as a membership links to it. */
export interface GkeCluster {
  readonly project: string;
  readonly location: string;
  readonly cluster: string;
}

/** Reads `//container.googleapis.com/projects/P/locations/L/clusters/C`; undefined for anything else. */
export function parseClusterLink(link: string): GkeCluster | undefined {
  const { project, location, cluster } = LINK.exec(link)?.groups ?? {};
  if (project === undefined || location === undefined || cluster === undefined) return undefined;
  return { project, location, cluster };
}

export interface DnsEndpointsDeps {
  readonly get: GoogleGet;
  readonly apis: Pick<GoogleApis, 'clusters'>;
  /** Called with each project whose endpoints are not known now: its clusters are reached through Connect Gateway. */
  readonly onUnknown: (project: string, problem: string) => void;
}

/** The host of a cluster's DNS endpoint, where it has one that is open to callers from outside of its network. */
export type DnsEndpoints = (cluster: GkeCluster) => string | undefined;

/**
 * Asks GKE once for each project that the clusters are in. Needs `container.clusters.list` there. Never rejects: a
 * cluster without a known endpoint has its gateway.
 */
export async function listDnsEndpoints(
  clusters: readonly GkeCluster[],
  { get, apis, onUnknown }: DnsEndpointsDeps,
): Promise<DnsEndpoints> {
  const hosts = new Map<string, string>();
  const projects = new Set(clusters.map(({ project }) => project));
  await Promise.all([...projects].map(listProject));
  return (cluster) => hosts.get(keyOf(cluster));

  async function listProject(project: string): Promise<void> {
    const what = `Clusters of project ${JSON.stringify(project)}`;
    const fix = grantEndpoints('container.clusters.list');
    const url = new URL(
      `${apis.clusters}/v1/projects/${encodeURIComponent(project)}/locations/-/clusters`,
    );
    url.searchParams.set('fields', FIELDS);
    try {
      const { clusters: found } = clustersSchema.parse(await get({ url, what, fix }));
      for (const { name, location, controlPlaneEndpointsConfig } of found ?? []) {
        const { endpoint = '', allowExternalTraffic } =
          controlPlaneEndpointsConfig?.dnsEndpointConfig ?? {};
        if (allowExternalTraffic !== true || !DNS_ENDPOINT.test(endpoint)) continue;
        hosts.set(keyOf({ project, location, cluster: name }), endpoint);
      }
    } catch (error) {
      const problem =
        error instanceof z.ZodError ? `${what} are not a list` : toFailure(error).message;
      onUnknown(project, problem);
    }
  }
}

function keyOf({ project, location, cluster }: GkeCluster): string {
  return `${project}/${location}/${cluster}`;
}

/** What to do where GKE denies a call: infra/terraform has custom roles with no more than is needed. */
function grantEndpoints(
  permission: 'container.clusters.list' | 'container.clusters.connect',
): string {
  const role = `countersignEndpoint${permission === 'container.clusters.list' ? 'Lister or countersignEndpointCaller' : 'Caller'}`;
  return `grant ${permission} on the cluster's project, by the custom role ${role} (docs/iam.md)`;
}

/**
 * The connection to a control plane by its DNS endpoint: the same identity and RBAC as through Connect Gateway, with the
 * permission `container.clusters.connect` in place of the gateway's.
 */
export function connectDns(endpoint: string, identity: GoogleIdentity): Connection {
  const server = identity.apis.dns(endpoint);
  const url = new URL(server);
  return {
    server,
    authorize: () => authorizeGoogle(url, identity),
    grant: () => grantEndpoints('container.clusters.connect'),
  };
}
