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
