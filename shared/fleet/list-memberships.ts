import { CountersignError } from '#shared/core/errors.ts';
import type { Member } from './fleet.ts';
import type { GoogleApis } from './google-apis.ts';
import type { GoogleGet } from './google-get.ts';
import { MAX_MEMBERSHIP_PAGES, MEMBERSHIPS_PAGE } from './limits.ts';
import { type MembershipName, isProjectNumber, parseMembershipName } from './membership-name.ts';
import { membershipSchema, membershipsSchema } from './schema.ts';

/** A membership, and all that its gateway's URL is made of. */
export interface Membership {
  readonly member: Member;
  readonly place: MembershipName;
  /** The fleet's host project as the config names it, by id or number. */
  readonly host: string;
  /** A GKE cluster, whose gateway needs no agent. */
  readonly gke: boolean;
}

export interface Memberships {
  readonly memberships: readonly Membership[];
  /** `projects/P/locations/L`: memberships there are unknown now. */
  readonly unreachable: readonly string[];
}

export interface ListMembershipsDeps {
  readonly get: GoogleGet;
  readonly apis: Pick<GoogleApis, 'hub'>;
  /** Told of each membership that had to be left out. */
  readonly onUnreadable: (project: string, problem: string) => void;
}

/** Not yet, or no longer, a cluster of ours; every other state, a future one too, is an update of one that is. */
const ABSENT: ReadonlySet<string> = new Set(['CREATING', 'DELETING']);

/** As much of an unusable name as is logged; a usable one is shorter than that. */
const MAX_SHOWN = 200;

/** Every membership of a project, in all locations. Throws `bad-config`, `fleet-unavailable`. */
export async function listMemberships(
  project: string,
  { get, apis, onUnreadable }: ListMembershipsDeps,
): Promise<Memberships> {
  const memberships: Membership[] = [];
  const unreachable = new Set<string>();
  const what = `Memberships of project ${JSON.stringify(project)}`;
  const fix = 'grant roles/gkehub.viewer there and enable gkehub.googleapis.com';
  const url = new URL(
    `${apis.hub}/v1/projects/${encodeURIComponent(project)}/locations/-/memberships`,
  );
  url.searchParams.set('pageSize', String(MEMBERSHIPS_PAGE));
  for (let pages = 0; pages < MAX_MEMBERSHIP_PAGES; pages += 1) {
    const page = membershipsSchema.safeParse(await get({ url, what, fix }));
    if (!page.success) throw misbehaved(`${what} are no list`, page.error);
    for (const resource of page.data.resources ?? []) {
      const read = readMembership(resource, project);
      if (typeof read === 'string') onUnreadable(project, read);
      else if (read !== undefined) memberships.push(read);
    }
    for (const place of page.data.unreachable ?? []) unreachable.add(placeOf(place, project));
    const next = page.data.nextPageToken ?? '';
    if (next === '') return { memberships, unreachable: [...unreachable] };
    url.searchParams.set('pageToken', next);
  }
  throw misbehaved(`${what} have no end`);
}

/** The membership; undefined where it is none of ours, a text that says what is wrong with it. */
function readMembership(resource: unknown, project: string): Membership | string | undefined {
  const { data, error } = membershipSchema.safeParse(resource);
  if (error) return `Membership has a bad field "${error.issues[0]?.path.join('.')}"`;
  const { name, labels, state, endpoint } = data;
  if (ABSENT.has(state?.code ?? '')) return undefined;
  const place = parseMembershipName(name);
  if (place === undefined)
    return `Membership has the unusable name ${JSON.stringify(name.slice(0, MAX_SHOWN))}`;
  // Config and Hub may name one project by its id or its number; two ids are two projects.
  const sameKind = isProjectNumber(place.project) === isProjectNumber(project);
  if (sameKind && place.project !== project) {
    return `Membership ${name} is of another project`;
  }
  const member = { name, id: place.id, labels: labels ?? {} };
  const gke = endpoint?.gkeCluster !== undefined && endpoint.gkeCluster !== null;
  return { member, place, host: project, gke };
}

/** Hub documents "locations", and not how it writes them. */
function placeOf(place: string, project: string): string {
  return place.includes('/') ? place : `projects/${project}/locations/${place}`;
}

function misbehaved(message: string, cause?: unknown): CountersignError {
  return new CountersignError('fleet-unavailable', message, { retry: false, cause });
}
