import {
  BUNDLE,
  bundleOf,
  keyPolicy,
  legacyLayer,
  legacyPayload,
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
  incomplete,
  untrusted,
  pushBundle,
  spoiltBundle,
  material,
  attestation,
  goodLayer,
  hex,
  type TrustCase,
} from './world.ts';

const prod = keyPolicy([release], { annotations: { env: 'prod' } });

/** Whose word it is, and about what. */
export const IDENTITY_CASES: readonly TrustCase[] = [
  {
    fact: 1,
    name: 'a valid .sig of another digest under the tag of this one',
    advisory: 'sample webhook, no ClaimVerifier',
    arrange: (registry) => {
      const layer = legacyLayer(registry, REPOSITORY, legacyPayload(OTHER), release);
      putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    expected: untrusted('digest-mismatch'),
  },
  {
    fact: 2,
    name: 'a bundle about another digest pushed with this one as subject',
    advisory: 'sigstore-go artifact binding',
    arrange: (registry) => pushBundle(registry, bundleOf(statementOf(OTHER), release)),
    expected: untrusted('digest-mismatch'),
  },
  {
    fact: 2,
    name: 'a statement without any subject',
    advisory: 'sigstore-go artifact binding',
    arrange: spoiltBundle(() => bundleOf({ ...statementOf(VICTIM), subject: [] }, release)),
    expected: untrusted('digest-mismatch'),
  },
  {
    fact: 6,
    name: 'a provenance attestation by the right key instead of a signature',
    advisory: 'CVE-2022-35929, CVE-2022-35930, CVE-2026-39395',
    arrange: attestation('https://slsa.dev/provenance/v1'),
    expected: { status: 'unsigned', reason: 'no-matching-predicate' },
  },
  {
    fact: 6,
    name: 'a predicate type that begins like that of a signature',
    advisory: 'CVE-2022-35929',
    arrange: attestation('https://sigstore.dev/cosign/sign/v1/x'),
    expected: { status: 'unsigned', reason: 'no-matching-predicate' },
  },
  {
    fact: 7,
    name: 'only an SBOM by the right key, as a bundle',
    advisory: 'cosign verify, predicate type unchecked',
    arrange: attestation('https://spdx.dev/Document'),
    expected: { status: 'unsigned', reason: 'no-matching-predicate' },
  },
  {
    fact: 7,
    name: 'only an SBOM by the right key, under the .att tag',
    advisory: 'cosign verify, predicate type unchecked',
    arrange: (registry) => {
      const layer = goodLayer(registry);
      const config = { mediaType: 'application/vnd.oci.image.config.v1+json' };
      registry.putManifest(REPOSITORY, { config, layers: [layer] }, `sha256-${hex}.att`);
    },
    expected: { status: 'unsigned' },
  },
  {
    fact: 14,
    name: 'three signatures of one key where two authorities are required',
    advisory: 'Connaisseur threshold counts signatures',
    arrange: (registry) => {
      const payloads = [{ n: 1 }, { n: 2 }, { n: 3 }].map((n) => legacyPayload(VICTIM, n));
      const layers = payloads.map((text) => legacyLayer(registry, REPOSITORY, text, release));
      putSignatureTag(registry, REPOSITORY, VICTIM, layers);
      signBundle(registry, REPOSITORY, VICTIM, release);
    },
    policy: keyPolicy([release, stranger]),
    expected: incomplete('wrong-key'),
  },
  {
    fact: 14,
    name: 'two names for one key where two authorities are required',
    advisory: 'Connaisseur threshold counts signatures',
    arrange: (registry) => signLegacy(registry, REPOSITORY, VICTIM, release),
    policy: keyPolicy([release, { ...release, pem: `\n${release.pem}\n` }]),
    expected: incomplete('wrong-key'),
  },
  {
    fact: 26,
    name: 'a certificate in the bundle where the policy names a key',
    advisory: 'swapped verification material',
    arrange: material({ certificate: { rawBytes: 'AAAA' } }),
    expected: untrusted('wrong-key'),
  },
  ...(
    [
      ['none', null],
      ['another value', { env: 'dev' }],
      ['a boolean', { env: true }],
      ['an array', { env: ['prod'] }],
      ['another spelling', { Env: 'prod', 'env ': 'prod' }],
    ] as const
  ).flatMap(([what, optional]): readonly TrustCase[] => [
    {
      fact: 34,
      name: `a legacy signature whose annotation is ${what}`,
      advisory: 'cosign -a',
      arrange: (registry) => signLegacy(registry, REPOSITORY, VICTIM, release, optional),
      policy: prod,
      expected: untrusted('missing-claim'),
    },
    {
      fact: 34,
      name: `a bundle whose annotation is ${what}`,
      advisory: 'cosign -a',
      arrange: (registry) =>
        signBundle(registry, REPOSITORY, VICTIM, release, optional ?? undefined),
      policy: prod,
      expected: untrusted('missing-claim'),
    },
  ]),
  {
    fact: 34,
    name: 'the annotation on another subject of the statement',
    advisory: 'cosign -a',
    arrange: spoiltBundle(() => {
      const both = [statementOf(VICTIM), statementOf(OTHER, { env: 'prod' })];
      const subject = both.flatMap((statement) => [statement['subject']].flat());
      return bundleOf({ ...statementOf(VICTIM), subject }, release);
    }),
    policy: prod,
    expected: untrusted('missing-claim'),
  },
  {
    fact: 34,
    name: 'an annotation that every object inherits',
    advisory: 'prototype lookups',
    arrange: (registry) => signLegacy(registry, REPOSITORY, VICTIM, release, {}),
    policy: keyPolicy([release], { annotations: { constructor: 'x' } }),
    expected: untrusted('missing-claim'),
  },
  ...(
    [
      ['a bundle', { layer: { mediaType: 'application/vnd.dev.sigstore.bundleX' } }],
      ['a bundle of a later version', { layer: { mediaType: `${BUNDLE}.v2` } }],
      ['a legacy signature', { layer: { mediaType: `${SIMPLE_SIGNING}X` } }],
    ] as const
  ).map(
    ([what, { layer }]): TrustCase => ({
      fact: 39,
      name: `a media type that begins like that of ${what}`,
      advisory: 'prefix match',
      arrange: (registry) => {
        const { mediaType } = layer;
        const bundle = bundleOf(statementOf(VICTIM), release);
        pushBundle(registry, bundle, { layer, manifest: { artifactType: mediaType } });
      },
      expected: { status: 'unsigned' },
    }),
  ),
];
