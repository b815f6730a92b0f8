import { CountersignError } from '#shared/core/errors.ts';
import type { GoogleApis } from './google-apis.ts';
import type { GoogleGet } from './google-get.ts';
import type { Membership } from './list-memberships.ts';
import { isProjectNumber } from './membership-name.ts';
import { projectSchema } from './schema.ts';

/** The number of a membership's project, which Connect Gateway wants in place of its id. */
export type ProjectNumber = (membership: Pick<Membership, 'place' | 'host'>) => Promise<string>;

/**
 * Asks Cloud Resource Manager once for each project, and only when a cluster is to be reached: it takes the permission
 * `resourcemanager.projects.get`, which roles/gkehub.viewer has. Where Hub or the config names the project by its number,
 * nobody is asked. Throws `bad-config`, `fleet-unavailable`.
 */
export function createProjectNumber(
  get: GoogleGet,
  apis: Pick<GoogleApis, 'projects'>,
): ProjectNumber {
  const known = new Map<string, Promise<string>>();

  async function ask(project: string): Promise<string> {
    const what = `Number of project ${JSON.stringify(project)}`;
    const url = new URL(`${apis.projects}/v3/projects/${encodeURIComponent(project)}`);
    const fix =
      'grant resourcemanager.projects.get there, or put its number into fleet.gkeHub.projects';
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
    const number = known.get(project) ?? ask(project);
    known.set(project, number);
    try {
      return await number;
    } catch (error) {
      // A permission may be granted, an outage may end.
      known.delete(project);
      throw error;
    }
  };
}
