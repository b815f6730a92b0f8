import { CountersignError } from '#shared/core/errors.ts';
import { isGoogleHost } from '#shared/core/google-host.ts';

/** One entry of the config's `registries`. */
export interface RegistryRule {
  /** `host[:port]`, lower-case, as image references spell it. */
  readonly host: string;
  readonly plainHttp: boolean;
  readonly auth: 'none' | 'google' | 'dockerConfig';
  /** Hosts, besides its own, that may ask for this registry's credentials as its token realm. */
  readonly realms?: readonly string[];
  /** Where referrers are looked for: `tag` never asks the API, which some registries answer oddly. Absent: `auto`. */
  readonly referrers?: 'auto' | 'tag';
}

/** How one host is dialled. */
export interface HostAccess {
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly auth: RegistryRule['auth'];
  readonly realms: readonly string[];
}

/** Registries known to keep their token realm on another host; any other says so in its entry's `realms`. */
const KNOWN_REALMS: Readonly<Record<string, readonly string[]>> = {
  'index.docker.io': ['auth.docker.io'],
};

/** How `host` may be dialled. Throws `registry-not-allowed` for a host that is neither Google's nor configured. */
export function accessTo(host: string, rules: readonly RegistryRule[]): HostAccess {
  const rule = rules.find((candidate) => candidate.host === host);
  if (rule !== undefined) {
    const realms = rule.realms ?? (Object.hasOwn(KNOWN_REALMS, host) ? KNOWN_REALMS[host] : []);
    return {
      host,
      scheme: rule.plainHttp ? 'http' : 'https',
      auth: rule.auth,
      realms: realms ?? [],
    };
  }
  if (isGoogleHost(host)) return { host, scheme: 'https', auth: 'google', realms: [] };
  throw new CountersignError(
    'registry-not-allowed',
    `Registry ${host} is not allowed: add an entry for it to "registries"`,
  );
}
