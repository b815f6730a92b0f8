/** Where Google's APIs are: all that a fake of them changes. Base URLs have no slash at the end. */
export interface GoogleApis {
  readonly hub: string;
  /** Cloud Resource Manager. */
  readonly projects: string;
  /** Connect Gateway for memberships of a location. */
  readonly gateway: (location: string) => string;
  /** Whether an access token may be sent there (DESIGN section 2, law 9): asked before each one is. */
  readonly trusts: (url: URL) => boolean;
}

const HUB = 'gkehub.googleapis.com';
const PROJECTS = 'cloudresourcemanager.googleapis.com';
const GATEWAY = 'connectgateway.googleapis.com';
const HOSTS: ReadonlySet<string> = new Set([HUB, PROJECTS, GATEWAY]);
/** `us-west1-connectgateway.googleapis.com`: one label before Google's own domain, no port, no trailing dot. */
const REGIONAL_GATEWAY = /^[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?-connectgateway\.googleapis\.com$/;

/** The real ones (facts/google-cloud.md section 4). */
export const GOOGLE_APIS: GoogleApis = {
  hub: `https://${HUB}`,
  projects: `https://${PROJECTS}`,
  gateway: (location) => `https://${location === 'global' ? '' : `${location}-`}${GATEWAY}`,
  trusts: ({ protocol, host, username, password }) =>
    protocol === 'https:' &&
    username === '' &&
    password === '' &&
    (HOSTS.has(host) || REGIONAL_GATEWAY.test(host)),
};

/** A fake of all of them at one origin, `http://127.0.0.1:8086`; what it gets must be no real token. */
export function emulatedApis(origin: string): GoogleApis {
  return {
    hub: origin,
    projects: origin,
    gateway: () => origin,
    trusts: (url) => url.origin === origin && url.username === '' && url.password === '',
  };
}
