import * as z from 'zod';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { once } from '#shared/net/single-flight.ts';
import type { ClientDeps } from './client.ts';
import { connectDns, listDnsEndpoints } from './dns-endpoints.ts';
import { createDirectory } from './directory.ts';
import type { Fleet, Member, OpenApi } from './fleet.ts';
import {
  type GoogleApis,
  type GoogleGet,
  type GoogleGetDeps,
  authorizeGoogle,
  createGoogleGet,
  grantFix,
} from './google-apis.ts';
import {
  type ListMembershipsDeps,
  type Membership,
  type Memberships,
  isProjectNumber,
  listMemberships,
  parseMembershipName,
} from './list-memberships.ts';
import type { Pace } from './pace.ts';

/** `fleet.gkeHub` of the config file. */
export interface HubFleetOptions {
  /** Ids or numbers of fleet host projects. */
  readonly projects: readonly string[];
  /** Whether a membership with these labels is a member; absent: every one is. */
  readonly selects?: (labels: Member['labels']) => boolean;
  /** Whether GKE clusters are called by their DNS endpoints, where they have one that is open. */
  readonly dnsEndpoints?: boolean;
}

export interface HubFleetDeps
  extends ClientDeps,
    GoogleGetDeps,
    Pick<ListMembershipsDeps, 'onUnreadable'> {
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
  /** The budget of calls by DNS endpoints; `pace` is that of Connect Gateway. */
  readonly directPace: Pace;
  /** Called with each project whose DNS endpoints are not known now. */
  readonly onNoEndpoints: (project: string, problem: string) => void;
}

/**
 * The fleet of GKE Hub, reached through Connect Gateway, or by DNS endpoints where the config says so. Its members are all memberships that are not being created or
 * deleted. Needs gkehub.memberships.list, gkehub.gateway.get and .patch, and resourcemanager.projects.get on each
 * project; by DNS endpoints also container.clusters.list and container.clusters.connect on the clusters' projects.
 *
 * @example
 * const fleet = createHubFleet({ projects: ['fleet-host'] }, deps, createClusterApi);
 * const member = await fleet.find('projects/fleet-host/locations/us-west1/memberships/edge-1');
 */
export function createHubFleet<Api>(
  options: HubFleetOptions,
  deps: HubFleetDeps,
  open: OpenApi<Api>,
): Fleet<Api> {
  const { selects = () => true } = options;
  const projects = [...new Set(options.projects)];
  const get = createGoogleGet(deps);
  const numbers = new Map<string, () => Promise<string>>();
  const directory = createDirectory(load, deps);

  async function load(): Promise<{
    readonly byName: ReadonlyMap<string, Membership>;
    readonly unreachable: readonly string[];
  }> {
    const { memberships, unreachable } = await listProjects(projects, get, deps);
    const selected = memberships.filter(({ member }) => selects(member.labels));
    const found = options.dnsEndpoints === true ? await withEndpoints(selected) : selected;
    return { byName: new Map(found.map((one) => [one.member.name, one])), unreachable };
  }

  /** The memberships, with the DNS endpoints of those that have one. */
  async function withEndpoints(memberships: readonly Membership[]): Promise<readonly Membership[]> {
    const clusters = memberships.flatMap(({ cluster }) => cluster ?? []);
    const { apis, onNoEndpoints: onUnknown } = deps;
    const endpointOf = await listDnsEndpoints(clusters, { get, apis, onUnknown });
    return memberships.map((membership) => {
      const dns = membership.cluster && endpointOf(membership.cluster);
      return dns === undefined
        ? membership
        : { ...membership, dns, member: { ...membership.member, direct: true } };
    });
  }

  async function findMembership(name: string): Promise<Membership | undefined> {
    if (parseMembershipName(name) === undefined) return undefined;
    const known = (await directory.current()).byName.get(name);
    if (known !== undefined) return known;
    const { byName, unreachable } = await directory.afterMiss();
    const found = byName.get(name);
    // It may be in a place that did not answer: that is a reason to ask again, not to forget the cluster.
    if (found === undefined && unreachable.length > 0) {
      const message = `Cluster ${JSON.stringify(name)} is not listed, but ${unreachable.join(', ')} could not be`;
      throw new CountersignError('fleet-unavailable', message);
    }
    return found;
  }

  /**
   * The number of its project, which Connect Gateway wants: asked for once for each project, and only where neither Hub
   * nor the config names the project by it.
   */
  async function numberOf({ place: { project }, host }: Membership): Promise<string> {
    const given = [project, host].find(isProjectNumber);
    if (given !== undefined) return given;
    // A permission may be granted, an outage may end: a failure is not kept.
    const number = numbers.get(project) ?? once(() => readNumber(project, get, deps.apis));
    numbers.set(project, number);
    return number();
  }

  return {
    async list() {
      const { byName, unreachable } = await directory.current();
      return { members: [...byName.values()].map(({ member }) => member), unreachable };
    },
    async find(cluster) {
      return (await findMembership(cluster))?.member;
    },
    async connect({ name }) {
      const membership = await findMembership(name);
      if (membership === undefined) {
        throw new CountersignError('cluster-not-found', `Cluster ${name} has left the fleet`);
      }
      if (membership.dns !== undefined) {
        const connection = connectDns(membership.dns, deps);
        return open(name, connection, { ...deps, pace: deps.directPace });
      }
      const server = gatewayUrl(membership, await numberOf(membership), deps.apis);
      const url = new URL(server);
      // A token is asked for before each attempt.
      const connection = { server, authorize: () => authorizeGoogle(url, deps) };
      return open(name, connection, deps);
    },
  };
}

/**
 * All projects at once. One that cannot be listed is unreachable, as a location is, as long as another one can: only a
 * mistake in the config, or failure everywhere, is thrown.
 */
async function listProjects(
  projects: readonly string[],
  get: GoogleGet,
  deps: HubFleetDeps,
): Promise<Memberships> {
  const results = await Promise.allSettled(
    projects.map((project) => listMemberships(project, { ...deps, get })),
  );
  const failures = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => toFailure(reason));
  const [first] = failures;
  const serious = failures.find(({ code }) => code !== 'fleet-unavailable');
  if (serious !== undefined) throw serious;
  if (first !== undefined && failures.length === projects.length) throw first;
  const lists = results.map((result, index) =>
    result.status === 'fulfilled'
      ? result.value
      : { memberships: [], unreachable: [`projects/${projects[index]}`] },
  );
  return {
    memberships: lists.flatMap(({ memberships }) => memberships),
    unreachable: lists.flatMap(({ unreachable }) => unreachable),
  };
}

/** Cloud Resource Manager v3, Project: its name carries the number. */
const projectSchema = z.object({ name: z.string().regex(/^projects\/[0-9]{1,20}$/) });

/** Takes the permission `resourcemanager.projects.get`. Throws `bad-config`, `fleet-unavailable`. */
async function readNumber(
  project: string,
  get: GoogleGet,
  apis: Pick<GoogleApis, 'projects'>,
): Promise<string> {
  const what = `Number of project ${JSON.stringify(project)}`;
  const url = new URL(`${apis.projects}/v3/projects/${encodeURIComponent(project)}`);
  const grant = grantFix('resourcemanager.projects.get', ['Reader', 'Writer']);
  const fix = `${grant}, or put its number into fleet.gkeHub.projects`;
  const { data, error: cause } = projectSchema.safeParse(await get({ url, what, fix }));
  if (data !== undefined) return data.name.slice('projects/'.length);
  const message = `${what} is missing from Google's answer`;
  throw new CountersignError('fleet-unavailable', message, { retry: false, cause });
}

/**
 * Where Connect Gateway serves a membership's API server (docs/facts/google-cloud.md#fleet). `number` is the number of
 * its project.
 */
export function gatewayUrl(
  { place: { location, id }, gke }: Pick<Membership, 'place' | 'gke'>,
  number: string,
  apis: Pick<GoogleApis, 'gateway'>,
): string {
  const kind = gke ? 'gkeMemberships' : 'memberships';
  return `${apis.gateway(location)}/v1/projects/${number}/locations/${location}/${kind}/${id}`;
}
