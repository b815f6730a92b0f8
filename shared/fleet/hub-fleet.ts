import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { type ClientDeps, createClusterApi } from './client.ts';
import { type DirectoryDeps, createDirectory } from './directory.ts';
import type { Fleet, Member } from './fleet.ts';
import { connectGateway, createProjectNumber } from './gateway-connection.ts';
import { type GoogleGet, type GoogleGetDeps, createGoogleGet } from './google-apis.ts';
import {
  type ListMembershipsDeps,
  type Membership,
  type Memberships,
  listMemberships,
  parseMembershipName,
} from './list-memberships.ts';

/** `fleet.gkeHub` of the config file. */
export interface HubFleetOptions {
  /** Ids or numbers of fleet host projects. */
  readonly projects: readonly string[];
  /** Whether a membership with these labels is a member; absent: every one is. */
  readonly selects?: (labels: Member['labels']) => boolean;
}

export interface HubFleetDeps
  extends ClientDeps,
    DirectoryDeps,
    GoogleGetDeps,
    Pick<ListMembershipsDeps, 'onUnreadable'> {}

interface Listing {
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Membership>;
  readonly unreachable: readonly string[];
}

/**
 * The fleet of GKE Hub, reached through Connect Gateway. Its members are all memberships that are not being created or
 * deleted. Needs gkehub.memberships.list, gkehub.gateway.get and .patch, and resourcemanager.projects.get on each
 * project.
 *
 * @example
 * const fleet = createHubFleet({ projects: ['fleet-host'] }, deps);
 * const member = await fleet.find('projects/fleet-host/locations/us-west1/memberships/edge-1');
 */
export function createHubFleet(options: HubFleetOptions, deps: HubFleetDeps): Fleet {
  const { selects = () => true } = options;
  const projects = [...new Set(options.projects)];
  const get = createGoogleGet(deps);
  const numberOf = createProjectNumber(get, deps.apis);
  const directory = createDirectory(load, deps);

  async function load(): Promise<Listing> {
    const { memberships, unreachable } = await listProjects(projects, get, deps);
    const byName = new Map(
      memberships
        .filter(({ member }) => selects(member.labels))
        .map((membership) => [membership.member.name, membership]),
    );
    return { members: [...byName.values()].map(({ member }) => member), byName, unreachable };
  }

  async function findMembership(name: string): Promise<Membership | undefined> {
    if (parseMembershipName(name) === undefined) return undefined;
    const known = (await directory.current()).byName.get(name);
    if (known !== undefined) return known;
    const { byName, unreachable } = await directory.afterMiss();
    const found = byName.get(name);
    // It may be in a place that did not answer: that is a reason to ask again, not to forget the cluster.
    if (found === undefined && unreachable.length > 0) {
      throw new CountersignError(
        'fleet-unavailable',
        `Cluster ${JSON.stringify(name)} is not listed, but ${unreachable.join(', ')} could not be`,
      );
    }
    return found;
  }

  return {
    async list() {
      const { members, unreachable } = await directory.current();
      return { members, unreachable };
    },
    async find(cluster) {
      return (await findMembership(cluster))?.member;
    },
    async connect({ name }) {
      const membership = await findMembership(name);
      if (membership === undefined) {
        throw new CountersignError('cluster-not-found', `Cluster ${name} has left the fleet`);
      }
      const number = await numberOf(membership);
      return createClusterApi(name, connectGateway(membership, number, deps), deps);
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
