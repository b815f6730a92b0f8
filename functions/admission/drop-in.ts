import { readFile } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { Config } from '#shared/config/config.ts';
import { hashPolicy } from '#shared/config/policy-hash.ts';
import { readPublicKey } from '#shared/config/public-key.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { isGoogleHost } from '#shared/core/google-host.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseReference } from '#shared/core/reference.ts';
import { createAddressGuard } from '#shared/registry/host-access.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { RegistryLimits } from '#shared/registry/limits.ts';
import type { BlobSource, Registry, TagLister } from '#shared/registry/registry.ts';

/** As much of a config as admission needs. */
export type AdmissionSettings = Pick<
  Config,
  'images' | 'registries' | 'trust' | 'unmatched' | 'admission'
>;

const POLICY = 'cosign-key';

/** The text of the file. Throws `bad-config`. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CountersignError('bad-config', `${path} cannot be read`, { cause });
  }
}

/**
 * The config that one public key stands for, as of the sample webhook: every image must be signed with it, in any of
 * cosign's formats, in a transparency log or not. `insecure` are registries that are asked by plain HTTP, and may be in
 * a private network. Throws `bad-config` where the text is no public key.
 */
export function dropInOf(
  path: string,
  text: string,
  insecure: readonly string[],
): AdmissionSettings {
  const key = readPublicKey(text);
  if ('problem' in key) {
    throw new CountersignError('bad-config', `${path}: ${key.problem}. ${key.fix}`);
  }
  const policy: Omit<TrustPolicy, 'hash'> = {
    name: POLICY,
    require: 1,
    authorities: [
      {
        type: 'key',
        name: 'cosign.pub',
        key: { pem: key.pem },
        transparencyLog: 'ignore',
        annotations: {},
      },
    ],
    format: 'any',
    attestations: [],
    allowUnsigned: false,
  };
  return {
    images: [{ match: '**', trust: POLICY, effect: 'gate', downgrade: 'warn' }],
    registries: insecure.map((host) => ({ host, plainHttp: true, auth: 'none' })),
    trust: { [POLICY]: { ...policy, hash: hashPolicy(policy) } },
    unmatched: 'deny',
    // As the schema of the config has it by default.
    admission: { mode: 'deny', unchanged: 'admit', staleForMs: 600_000, deadlineMs: 8_000 },
  };
}

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
