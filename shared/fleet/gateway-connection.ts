import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { once } from '#shared/net/single-flight.ts';
import type { Connection } from './connection.ts';
import {
  type GoogleApis,
  type GoogleGet,
  type GoogleIdentity,
  authorizeGoogle,
  grantFix,
} from './google-apis.ts';
import { type Membership, isProjectNumber } from './list-memberships.ts';

/** Cloud Resource Manager v3, Project: its name carries the number. */
const projectSchema = z.object({ name: z.string().regex(/^projects\/[0-9]{1,20}$/) });

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

/** The connection to a membership, with a token that is asked for before each attempt. */
export function connectGateway(
  membership: Membership,
  number: string,
  identity: GoogleIdentity,
): Connection {
  const server = gatewayUrl(membership, number, identity.apis);
  const url = new URL(server);
  return { server, authorize: () => authorizeGoogle(url, identity) };
}

/** The number of a membership's project, which Connect Gateway wants in place of its id. */
export type ProjectNumber = (membership: Pick<Membership, 'place' | 'host'>) => Promise<string>;

/**
 * Asks Cloud Resource Manager once for each project, and only when a cluster is to be reached: it takes the permission
 * `resourcemanager.projects.get`. Where Hub or the config names the project by its number, no request is made. Throws `bad-config`, `fleet-unavailable`.
 *
 * @example
 * const numberOf = createProjectNumber(get, GOOGLE_APIS);
 * const number = await numberOf(membership);
 */
export function createProjectNumber(
  get: GoogleGet,
  apis: Pick<GoogleApis, 'projects'>,
): ProjectNumber {
  const known = new Map<string, () => Promise<string>>();

  async function ask(project: string): Promise<string> {
    const what = `Number of project ${JSON.stringify(project)}`;
    const url = new URL(`${apis.projects}/v3/projects/${encodeURIComponent(project)}`);
    const grant = grantFix('resourcemanager.projects.get', ['Reader', 'Writer']);
    const fix = `${grant}, or put its number into fleet.gkeHub.projects`;
    const { data, error } = projectSchema.safeParse(await get({ url, what, fix }));
    if (error) {
      throw new CountersignError('fleet-unavailable', `${what} is missing from Google's answer`, {
        retry: false,
        cause: error,
      });
    }
    return data.name.slice('projects/'.length);
  }

  return async ({ place: { project }, host }) => {
    const given = [project, host].find(isProjectNumber);
    if (given !== undefined) return given;
    // A permission may be granted, an outage may end: a failure is not kept.
    const number = known.get(project) ?? once(() => ask(project));
    known.set(project, number);
    return number();
  };
}
