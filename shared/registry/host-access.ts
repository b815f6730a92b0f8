import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
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
  /** Path of the certificates (PEM) that this host is verified by, in place of those that everything is verified by. */
  readonly ca?: string;
  /** `http://…` or `https://…`, or `none`; absent: the proxy of the environment. */
  readonly proxy?: string;
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

/** Registries known to keep their token realm on another host; any other is listed in its entry's `realms`. */
const KNOWN_REALMS: ReadonlyMap<string, readonly string[]> = new Map([
  ['index.docker.io', ['auth.docker.io']],
]);

/** How `host` may be dialled. Throws `registry-not-allowed` for a host that is neither Google's nor configured. */
export function accessTo(host: string, rules: readonly RegistryRule[]): HostAccess {
  const rule = rules.find((candidate) => candidate.host === host);
  if (rule !== undefined) {
    const { plainHttp, auth, realms = KNOWN_REALMS.get(host) ?? [] } = rule;
    return { host, scheme: plainHttp ? 'http' : 'https', auth, realms };
  }
  if (isGoogleHost(host)) return { host, scheme: 'https', auth: 'google', realms: [] };
  const message = `Registry ${host} is not allowed: add an entry for it to "registries"`;
  throw new CountersignError('registry-not-allowed', message);
}

/**
 * Throws `registry-not-allowed` when `url` leads to a private address, `registry-unavailable` when its host has no
 * address that can be found.
 */
export type AddressGuard = (url: URL) => Promise<void>;

export interface AddressGuardDeps {
  readonly registries: readonly RegistryRule[];
  readonly now: () => Date;
  /** Every address of a host name; the system's resolver when absent. */
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
}

/** How long one answer of the resolver is believed, and for how many hosts. */
const REMEMBER_MS = 30_000;
const MAX_REMEMBERED = 500;

/**
 * Refuses every host that resolves, in any of its addresses, to somewhere private, unless the config names the host.
 * `fetch` resolves once more by itself, so a name that changes its address in between gets a TCP connection and a
 * TLS greeting to a private address, no more: hosts without an entry are dialled by https only, and no private
 * server has a certificate for the attacker's name.
 *
 * @example
 * const guard = createAddressGuard({ registries: config.registries, now });
 * await guard(new URL('https://registry.example/v2/'));
 */
export function createAddressGuard(deps: AddressGuardDeps): AddressGuard {
  const resolve = deps.resolveHost ?? resolveBySystem;
  const configured = new Set(deps.registries.flatMap(({ host, realms = [] }) => [host, ...realms]));
  const passedUntil = new Map<string, number>();

  return async (url) => {
    if (configured.has(url.host)) return;
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const now = deps.now().getTime();
    if ((passedUntil.get(name) ?? 0) > now) return;
    const resolved = isIP(name) === 0 ? resolve(name) : Promise.resolve([name]);
    const addresses = await resolved.catch((cause: unknown) => {
      throw new CountersignError('registry-unavailable', `Cannot resolve host ${name}`, { cause });
    });
    if (addresses.length === 0) {
      throw new CountersignError('registry-unavailable', `Host ${name} has no address`);
    }
    if (!addresses.every(isPublicAddress)) {
      const message = `Host ${url.host} leads to a private address: add an entry for it to "registries" if that is meant`;
      throw new CountersignError('registry-not-allowed', message);
    }
    if (passedUntil.size >= MAX_REMEMBERED) passedUntil.clear();
    passedUntil.set(name, now + REMEMBER_MS);
  };
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/**
 * Address ranges that lead somewhere else than to a public server (IANA special-purpose registries): this machine,
 * the metadata server, the cluster, the office. IPv4 written inside IPv6 (`::ffff:10.0.0.1`) is seen through by
 * `BlockList` itself.
 */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Within 2000::/3, the only block of global unicast addresses: Teredo and 6to4 embed an IPv4 address. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const MAPPED = /^::ffff:/i;
const special = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, 'ipv6');
const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');

/** Whether `address` (an IP literal without brackets) is one of the public internet; anything else is not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return !special.check(address, 'ipv4');
  if (special.check(address, 'ipv6')) return false;
  return MAPPED.test(address) || global.check(address, 'ipv6');
}
