import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Resolver, Rules, Verifier } from '#shared/reconcile/deps.ts';
import { createBurstResolver } from '#shared/registry/burst.ts';
import type { Registry } from '#shared/registry/registry.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import type { Base } from './base.ts';
import { openRules } from './rules.ts';

/** What it takes to say what an image is. */
export interface Images {
  readonly resolver: Resolver;
  readonly verifier: Verifier;
  readonly rules: Rules;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
}

/** Resolution and verification, over a registry that remembers what digests name. */
export function openImages({ config, now }: Base, registry: Registry): Images {
  return {
    resolver: createBurstResolver({
      now,
      resolve: (reference, { fresh }) => resolveImage(registry, reference, { fresh, now }),
    }),
    verifier: createVerifier({ registry, keys: createKeyLoader(), now: () => now().getTime() }),
    rules: openRules(config),
    policies: new Map(Object.entries(config.trust)),
  };
}
