import type { Config } from '#shared/config/config.ts';
import { type ImageRules, createImageRules } from '#shared/config/image-rules.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { type Serial, createSerial } from '#shared/core/serial.ts';
import { type BurstResolver, createBurstResolver } from '#shared/registry/burst.ts';
import type { Registry } from '#shared/registry/registry.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { type Verifier, createVerifier } from '#shared/trust/verifier.ts';
import { traceResolver, traceVerifier } from '#shared/telemetry/trace-images.ts';
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

/** As much of `Base` as images need. */
export interface ImagesBase {
  readonly config: Pick<Config, 'images' | 'trust'>;
  readonly now: Base['now'];
  readonly telemetry: Base['telemetry'];
}

/** Resolution and verification, over a registry that remembers what digests name. */
export function openImages({ config, now, telemetry }: ImagesBase, registry: Registry): Images {
  const { tracing } = telemetry;
  const time = (): number => now().getTime();
  const keys = createKeyLoader({ kms: { fetch, googleToken: openGoogleToken(), now: time } });
  return {
    resolver: traceResolver(
      createBurstResolver({
        now,
        resolve: (reference, { fresh }) => resolveImage(registry, reference, { fresh, now }),
      }),
      tracing,
    ),
    verifier: traceVerifier(createVerifier({ registry, keys, now: time }), tracing),
    rules: createImageRules(config.images),
    policies: new Map(Object.entries(config.trust)),
    serial: createSerial(),
  };
}
