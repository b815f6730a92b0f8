import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CountersignError } from '#shared/core/errors.ts';
import { isPublicAddress } from './address.ts';
import type { RegistryRule } from './host-access.ts';

/** Throws `registry-not-allowed` when `url` leads to a private address, `registry-unavailable` when nobody knows. */
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
 * server holds a certificate for the attacker's name.
 */
export function createAddressGuard(deps: AddressGuardDeps): AddressGuard {
  const resolve = deps.resolveHost ?? resolveBySystem;
  const configured = new Set(deps.registries.flatMap(({ host, realms = [] }) => [host, ...realms]));
  const passedUntil = new Map<string, number>();

  return async (url) => {
    if (configured.has(url.host)) return;
    const name = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(name) !== 0) {
      if (!isPublicAddress(name)) throw privateAddress(url.host);
      return;
    }
    const now = deps.now().getTime();
    if ((passedUntil.get(name) ?? 0) > now) return;
    const addresses = await resolve(name).catch((cause: unknown) => {
      throw new CountersignError('registry-unavailable', `Cannot resolve host ${name}`, { cause });
    });
    if (addresses.length === 0) {
      throw new CountersignError('registry-unavailable', `Host ${name} has no address`);
    }
    if (!addresses.every(isPublicAddress)) throw privateAddress(url.host);
    if (passedUntil.size >= MAX_REMEMBERED) passedUntil.clear();
    passedUntil.set(name, now + REMEMBER_MS);
  };
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

function privateAddress(host: string): CountersignError {
  return new CountersignError(
    'registry-not-allowed',
    `Host ${host} leads to a private address: add an entry for it to "registries" if that is meant`,
  );
}
