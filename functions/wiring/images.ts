import { type ImageRules, createImageRules } from '#shared/config/image-rules.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { type Serial, createSerial } from '#shared/core/serial.ts';
import { type BurstResolver, createBurstResolver } from '#shared/registry/burst.ts';
import type { Registry } from '#shared/registry/registry.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { type Verifier, createVerifier } from '#shared/trust/verifier.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/** What it takes to say what an image is. */
export interface Images {
  readonly resolver: BurstResolver;
  readonly verifier: Verifier;
  readonly rules: ImageRules;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly serial: Serial;
}

/** Resolution and verification, over a registry that remembers what digests name. */
export function openImages({ config, now }: Base, registry: Registry): Images {
  const time = (): number => now().getTime();
  const keys = createKeyLoader({ kms: { fetch, googleToken: openGoogleToken(), now: time } });
  return {
    resolver: createBurstResolver({
      now,
      resolve: (reference, { fresh }) => resolveImage(registry, reference, { fresh, now }),
    }),
    verifier: createVerifier({ registry, keys, now: time }),
    rules: createImageRules(config.images),
    policies: new Map(Object.entries(config.trust)),
    serial: createSerial(),
  };
}
