import { cutText } from '#shared/core/foreign-text.ts';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { defined } from '#shared/core/defined.ts';
import { type GkeCluster, parseClusterLink } from './dns-endpoints.ts';
import type { Member } from './fleet.ts';
import { type GoogleApis, type GoogleGet, grantFix } from './google-apis.ts';
import { MAX_MEMBERSHIP_PAGES, MEMBERSHIPS_PAGE } from './limits.ts';

/** GKE Hub v1, `projects.locations.memberships.list`; memberships are read one by one. */
const membershipsSchema = z.lazy(() =>
  z.object({
    resources: z.array(z.unknown()).nullish(),
    nextPageToken: z.string().nullish(),
    /** Locations that did not answer Hub: their memberships are missing here, and not gone. */
    unreachable: z.array(z.string()).nullish(),
  }),
);

/** GKE Hub v1, Membership. The one who registers a cluster chooses its id and labels. */
const membershipSchema = z.lazy(() =>
  z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    state: z.object({ code: z.string().optional() }).nullish(),
    endpoint: z
      .object({ gkeCluster: z.object({ resourceLink: z.string().nullish() }).nullish() })
      .nullish(),
  }),
);

/** A membership, and all that its gateway's URL is made of. */
export interface Membership {
  readonly member: Member;
  readonly place: MembershipName;
  /** The fleet's host project as the config names it, by id or number. */
  readonly host: string;
  /** A GKE cluster, whose gateway needs no agent. */
  readonly gke: boolean;
  /** The cluster itself, where Hub says which one. */
  readonly cluster?: GkeCluster;
  /** Host of its DNS endpoint, where calls go there. */
  readonly dns?: string;
}

export interface Memberships {
  readonly memberships: readonly Membership[];
  /** `projects/P/locations/L`: memberships there are unknown now. */
  readonly unreachable: readonly string[];
}

export interface ListMembershipsDeps {
  readonly get: GoogleGet;
  readonly apis: Pick<GoogleApis, 'hub'>;
  /** Called with each membership that had to be left out. */
  readonly onUnreadable: (project: string, problem: string) => void;
}

/** Not yet, or no longer, a cluster; every other state, a future one too, is an update of one that is. */
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
  const fix = grantFix('gkehub.memberships.list', ['Lister', 'Reader', 'Writer']);
  const url = new URL(
    `${apis.hub}/v1/projects/${encodeURIComponent(project)}/locations/-/memberships`,
  );
  url.searchParams.set('pageSize', String(MEMBERSHIPS_PAGE));
  for (let pages = 0; pages < MAX_MEMBERSHIP_PAGES; pages += 1) {
    const page = membershipsSchema.safeParse(await get({ url, what, fix }));
    if (!page.success) throw misbehaved(`${what} are not a list`, page.error);
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

/** The membership; undefined where it is not there yet or any more, a text that names what is wrong with it. */
function readMembership(resource: unknown, project: string): Membership | string | undefined {
  const { data, error } = membershipSchema.safeParse(resource);
  if (error) return `Membership has a bad field "${error.issues[0]?.path.join('.')}"`;
  const { name, labels, state, endpoint } = data;
  if (ABSENT.has(state?.code ?? '')) return undefined;
  const place = parseMembershipName(name);
  if (place === undefined)
    return `Membership has the unusable name ${JSON.stringify(cutText(name, MAX_SHOWN))}`;
  // Config and Hub may name one project by its id or its number; two ids are two projects.
  const sameKind = isProjectNumber(place.project) === isProjectNumber(project);
  if (sameKind && place.project !== project) return `Membership ${name} is of another project`;
  const member = { name, id: place.id, labels: labels ?? {} };
  const gkeCluster = endpoint?.gkeCluster ?? undefined;
  const cluster = parseClusterLink(gkeCluster?.resourceLink ?? '');
  const gke = gkeCluster !== undefined;
  return { member, place, host: project, gke, ...defined({ cluster }) };
}

/** Hub documents "locations", and not how it writes them. */
function placeOf(place: string, project: string): string {
  return place.includes('/') ? place : `projects/${project}/locations/${place}`;
}

function misbehaved(message: string, cause?: unknown): CountersignError {
  return new CountersignError('fleet-unavailable', message, { retry: false, cause });
}

/** The parts of a full membership name. */
export interface MembershipName {
  /** Id or number, as the name has it. */
  readonly project: string;
  readonly location: string;
  readonly id: string;
}

const PROJECT = /(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]{0,62}|[0-9]{1,20}/.source;
/** `global` or a region; it becomes part of a host's name. */
const LOCATION = /[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?/.source;
/** GKE Hub, Membership: an RFC 1123 label. */
const ID = /[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/.source;
const NAME = new RegExp(
  `^projects/(?<project>${PROJECT})/locations/(?<location>${LOCATION})/memberships/(?<id>${ID})$`,
);

/** Reads `projects/P/locations/L/memberships/M`; undefined for anything else: the parts go into URLs. */
export function parseMembershipName(name: string): MembershipName | undefined {
  const { project, location, id } = NAME.exec(name)?.groups ?? {};
  if (project === undefined || location === undefined || id === undefined) return undefined;
  return { project, location, id };
}

/** Whether a project is given by its number. */
export function isProjectNumber(project: string): boolean {
  return /^[0-9]+$/.test(project);
}
