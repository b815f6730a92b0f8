import { LRUCache } from 'lru-cache';
import { isGoogleHost } from '#shared/core/google-host.ts';
import { parseReference } from '#shared/core/reference.ts';
import { createAddressGuard } from '#shared/registry/host-access.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import type { BlobSource, Registry, TagLister } from '#shared/registry/registry.ts';

/** Hosts that are remembered; each is a few functions. */
const MAX_HOSTS = 100;

type AnyRegistry = Registry & TagLister & BlobSource;

export interface PublicRegistriesDeps {
  /** Asks Google's registries, with a token, and those that are named. */
  readonly named: AnyRegistry;
  /** The hosts that are named. */
  readonly hosts: readonly string[];
  readonly fetch: typeof fetch;
  readonly now: () => Date;
  readonly limits: Partial<RegistryLimits>;
  readonly resolveHost: (host: string) => Promise<readonly string[]>;
}

/**
 * Every registry of the internet, where no config names any: Google's and those that are named as ever, the others
 * anonymously, over https and at public addresses only. So no token leaves for a host that an annotation names, and no such
 * name leads into the cluster's own network (docs/threat-model.md#attacks-on-signatures, attack 35).
 *
 * @example
 * const registry = createPublicRegistries({ named, hosts: [], fetch, now, limits, resolveHost });
 */
export function createPublicRegistries(deps: PublicRegistriesDeps): AnyRegistry {
  const { named, now, limits, resolveHost } = deps;
  const guard = createAddressGuard({ registries: [], now, resolveHost });
  const known = new LRUCache<string, AnyRegistry>({ max: MAX_HOSTS });

  async function registryOf(repository: string): Promise<AnyRegistry> {
    const { host } = parseReference(repository);
    if (isGoogleHost(host) || deps.hosts.includes(host)) return named;
    // Its entry exempts it from the client's own guard, which sees to redirects and token realms.
    await guard(new URL(`https://${host}/`));
    const opened = known.get(host);
    if (opened !== undefined) return opened;
    const registry = createRegistry({
      fetch: deps.fetch,
      registries: [{ host, plainHttp: false, auth: 'none' }],
      now,
      limits,
      resolveHost,
      googleToken: refuseToken,
      dockerConfig: refuseToken,
    });
    known.set(host, registry);
    return registry;
  }

  return {
    manifest: async (repository, reference) =>
      (await registryOf(repository)).manifest(repository, reference),
    blob: async (repository, ...rest) => (await registryOf(repository)).blob(repository, ...rest),
    referrers: async (repository, digest) =>
      (await registryOf(repository)).referrers(repository, digest),
    open: async (repository, ...rest) => (await registryOf(repository)).open(repository, ...rest),
    tags: async (repository) => (await registryOf(repository)).tags(repository),
  };
}

/** There is none to give. */
async function refuseToken(): Promise<never> {
  throw new Error('Registries without an entry are asked anonymously');
}
