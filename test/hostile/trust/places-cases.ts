import { CountersignError } from '#shared/core/errors.ts';
import {
  bundleOf,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  putFallback,
  putSignatureTag,
  SIMPLE_SIGNING,
  signBundle,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';

import {
  REPOSITORY,
  VICTIM,
  OTHER,
  release,
  stranger,
  untrusted,
  verified,
  pushBundle,
  goodLayer,
  junkLayers,
  deep,
  hex,
  type TrustCase,
} from './world.ts';

const bundleOnly = keyPolicy([release], { format: 'bundle' });
const legacyOnly = keyPolicy([release], { format: 'legacy' });

/** What is found where, and what cannot be looked at. */
export const PLACES_CASES: readonly TrustCase[] = [
  ...(['manifest', 'referrers', 'blob'] as const).flatMap((call) =>
    (['registry-denied', 'registry-unavailable', 'deadline-exceeded'] as const).map(
      (failure): TrustCase => ({
        fact: 31,
        name: `${failure} from ${call}, beside a good signature`,
        advisory: 'fetch error taken for "unsigned"',
        arrange: (registry) => {
          signLegacy(registry, REPOSITORY, VICTIM, release);
          const where = call === 'manifest' ? `manifest ${REPOSITORY} sha256-${hex}` : call;
          registry.fail(where, new CountersignError(failure, 'Registry says no'));
        },
        expected: { failure },
      }),
    ),
  ),
  {
    fact: 31,
    name: 'only a legacy signature where the policy asks for bundles',
    advisory: 'downgrade',
    arrange: (registry) => signLegacy(registry, REPOSITORY, VICTIM, release),
    policy: bundleOnly,
    expected: untrusted('wrong-format'),
  },
  {
    fact: 31,
    name: 'only a bundle where the policy asks for legacy signatures',
    advisory: 'downgrade',
    arrange: (registry) => signBundle(registry, REPOSITORY, VICTIM, release),
    policy: legacyOnly,
    expected: untrusted('wrong-format'),
  },
  {
    fact: 32,
    name: 'junk of every sort beside a good bundle',
    advisory: 'one bad candidate fails the rest',
    arrange: (registry) => {
      pushBundle(registry, 'junk');
      pushBundle(registry, deep);
      pushBundle(registry, bundleOf(statementOf(OTHER), release));
      pushBundle(registry, bundleOf(statementOf(VICTIM), stranger));
      pushBundle(registry, {}, { layer: { digest: OTHER } });
      pushBundle(registry, {}, { layer: { size: -1 } });
      pushBundle(registry, {}, { layer: { size: 1e9 } });
      pushBundle(registry, {}, { manifest: { layers: 'none' } });
      putSignatureTag(registry, REPOSITORY, VICTIM, [null, 1, {}, ...junkLayers(3)]);
      signBundle(registry, REPOSITORY, VICTIM, release);
    },
    expected: verified,
  },
  {
    fact: 32,
    name: 'junk of every sort beside a good legacy signature',
    advisory: 'one bad candidate fails the rest',
    arrange: (registry) => {
      const forged = legacyLayer(registry, REPOSITORY, legacyPayload(VICTIM), stranger);
      const layers = [null, [], { mediaType: SIMPLE_SIGNING }, forged, goodLayer(registry)];
      putSignatureTag(registry, REPOSITORY, VICTIM, layers);
      pushBundle(registry, 'junk');
      registry.addReferrer(
        REPOSITORY,
        VICTIM,
        putFallback(registry, REPOSITORY, OTHER, []) && {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: OTHER,
          size: 1,
        },
      );
      putFallback(registry, REPOSITORY, VICTIM, [null, { digest: 'sha256:no' }, 'text']);
    },
    expected: verified,
  },
  {
    fact: 33,
    name: 'text under the .sig tag',
    advisory: 'signature overwritten',
    arrange: (registry) => registry.putManifest(REPOSITORY, 'junk', `sha256-${hex}.sig`),
    expected: untrusted('malformed'),
  },
  {
    fact: 33,
    name: 'an image under the .sig tag',
    advisory: 'signature overwritten',
    arrange: (registry) => putSignatureTag(registry, REPOSITORY, VICTIM, []),
    expected: untrusted('malformed'),
  },
  {
    fact: 33,
    name: 'text under the fallback tag',
    advisory: 'signature overwritten',
    arrange: (registry) => registry.putManifest(REPOSITORY, 'junk', `sha256-${hex}`),
    expected: untrusted('malformed'),
  },
  {
    fact: 33,
    name: 'a signature that was deleted',
    advisory: 'signature deleted',
    arrange: (registry) => {
      signLegacy(registry, REPOSITORY, VICTIM, release);
      registry.deleteTag(REPOSITORY, `sha256-${hex}.sig`);
    },
    expected: { status: 'unsigned' },
  },
];
