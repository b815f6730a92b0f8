import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { Registry, TagLister } from '#shared/registry/registry.ts';
import type { Clock } from '../sim/clock.ts';
import type { Process } from '../sim/process.ts';
import type { SimRegistry } from '../sim/registry.ts';

export interface RegistryPortDeps {
  readonly registry: SimRegistry;
  readonly registryIsUp: () => boolean;
}

/** The registry's clock is not ours. */
const SKEW_MS = -1_700;

/** The registry over the network, as one process sees it; its `Date` has whole seconds. */
export function createRegistryPort(
  process: Pick<Process, 'call' | 'name'>,
  { clock, registry, registryIsUp }: RegistryPortDeps & { readonly clock: Clock },
): Registry & TagLister {
  const ask = <T>(answer: () => T): Promise<T> =>
    process.call('registry', () => {
      requireUp(registryIsUp);
      return answer();
    });
  return {
    manifest: (repository, reference) =>
      ask(() => {
        const digest = isDigest(reference)
          ? reference
          : registry.current(`${repository}:${reference}`)?.top;
        const found = digest === undefined ? undefined : registry.manifest(repository, digest);
        if (digest === undefined || found === undefined) return undefined;
        const date = new Date(clock.now() + SKEW_MS).toISOString().replace(/\.\d+Z$/, 'Z');
        return { ...found, digest, date };
      }),
    tags: (repository) => ask(() => ({ tags: registry.tagsOf(repository), complete: true })),
    blob: () => Promise.reject(new Error('No blob is asked for')),
    referrers: () => Promise.reject(new Error('No referrers are asked for')),
  };
}

/** What the signatures in the registry make of an image at this moment, looked for on each of `digests`. */
export function judgeFromRegistry(
  { registry, registryIsUp }: RegistryPortDeps,
  repository: string,
  digests: readonly Digest[],
): Verdict {
  requireUp(registryIsUp);
  const found = digests.flatMap((digest) => registry.signatures(repository, digest));
  if (found.some(({ key }) => key === 'release')) {
    return { status: 'verified', authorities: ['release-key'], candidates: [] };
  }
  if (found.length === 0) return { status: 'unsigned' };
  const candidate = { source: 'sha256:s', format: 'legacy', reason: 'wrong-key' } as const;
  return { status: 'untrusted', candidates: [candidate] };
}

function requireUp(isUp: () => boolean): void {
  if (!isUp()) throw new CountersignError('registry-unavailable', 'The registry is out');
}
