import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import type { Config } from '#shared/config/config.ts';
import { createContentReader } from '#shared/content/read-content.ts';
import { createContentVerifier } from '#shared/content/content-verifier.ts';
import { type ImageRules, createImageRules } from '#shared/config/image-rules.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { type Serial, createSerial } from '#shared/net/serial.ts';
import { type BurstResolver, createBurstResolver } from '#shared/registry/burst.ts';
import { listLayers } from '#shared/registry/list-layers.ts';
import type { BlobSource, Registry } from '#shared/registry/registry.ts';
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

/**
 * Resolution and verification, signatures and content, over a registry that remembers what digests name.
 *
 * @example
 * const { resolver, verifier, rules } = openImages(base, openRegistries(base).cached);
 */
export function openImages(
  { config, now, telemetry }: ImagesBase,
  registry: Registry & BlobSource,
): Images {
  const { tracing } = telemetry;
  const time = (): number => now().getTime();
  const keys = createKeyLoader({ kms: { fetch, googleToken: openGoogleToken(), now: time } });
  const rules = createImageRules(config.images);
  const verifier = createContentVerifier({
    verifier: createVerifier({ registry, keys, now: time }),
    content: createContentReader({
      blobs: registry,
      layersOf: ({ repository, digest }) => listLayers(registry, repository, digest),
    }),
    now: time,
    ruleOf: (repository) => rules.match(repository)?.content ?? DEFAULT_CONTENT,
  });
  return {
    resolver: traceResolver(
      createBurstResolver({
        now,
        resolve: (reference, { fresh }) => resolveImage(registry, reference, { fresh, now }),
      }),
      tracing,
    ),
    verifier: traceVerifier(verifier, tracing),
    rules,
    policies: new Map(Object.entries(config.trust)),
    serial: createSerial(),
  };
}
