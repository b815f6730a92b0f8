import { CountersignError } from '#shared/core/errors.ts';
import {
  BUNDLE,
  bundleOf,
  legacyPayload,
  putSignatureTag,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';

import {
  REPOSITORY,
  VICTIM,
  release,
  untrusted,
  verified,
  pushBundle,
  pushPayload,
  spoiltBundle,
  material,
  goodLayer,
  junkLayers,
  pushJunkReferrers,
  hint,
  hex,
  type TrustCase,
} from './world.ts';

/** Too much of anything, and a registry that lies. */
export const LIMITS_CASES: readonly TrustCase[] = [
  {
    fact: 9,
    name: 'a registry whose bytes are not those of the digest',
    advisory: 'CVE-2022-47633, CVE-2023-47630, CVE-2023-33959',
    arrange: (registry) => {
      signLegacy(registry, REPOSITORY, VICTIM, release);
      registry.fail('blob', new CountersignError('registry-misbehaved', 'Blob has another digest'));
    },
    expected: { failure: 'registry-misbehaved' },
  },
  {
    fact: 11,
    name: '1001 layers under the .sig tag, the good one last',
    advisory: 'CVE-2023-46737, CVE-2024-29903',
    arrange: (registry) => {
      const layers = [...junkLayers(1000), goodLayer(registry)];
      putSignatureTag(registry, REPOSITORY, VICTIM, layers);
    },
    expected: untrusted('too-many'),
  },
  {
    fact: 11,
    name: '1001 layers under the .sig tag, the good one within the cap',
    advisory: 'CVE-2023-46737, CVE-2024-29903',
    arrange: (registry) => {
      const layers = [...junkLayers(100), goodLayer(registry), ...junkLayers(900)];
      putSignatureTag(registry, REPOSITORY, VICTIM, layers);
    },
    expected: verified,
  },
  {
    fact: 11,
    name: '300 referrers and nothing else',
    advisory: 'CVE-2023-33957, CVE-2023-33958',
    arrange: (registry) => pushJunkReferrers(registry, 300),
    expected: untrusted('too-many'),
  },
  {
    fact: 11,
    name: 'one referrer with 1000 bundles',
    advisory: 'CVE-2023-33957',
    arrange: (registry) => {
      const layer = { ...registry.putBlob(REPOSITORY, '{}'), mediaType: BUNDLE };
      const layers = Array.from({ length: 1000 }, () => layer);
      pushBundle(registry, {}, { manifest: { layers } });
    },
    expected: untrusted('too-many'),
  },
  {
    fact: 11,
    name: '300 referrers beside a good .sig',
    advisory: 'CVE-2023-33957, CVE-2023-33958',
    arrange: (registry) => {
      pushJunkReferrers(registry, 300);
      signLegacy(registry, REPOSITORY, VICTIM, release);
    },
    expected: verified,
  },
  {
    fact: 11,
    name: 'a list of referrers that never ends',
    advisory: 'CVE-2023-33957, CVE-2023-33958',
    arrange: (registry) =>
      registry.fail('referrers', new CountersignError('too-large', 'Referrers do not end')),
    expected: untrusted('too-many'),
  },
  {
    fact: 12,
    name: 'a layer that says it has a gigabyte',
    advisory: 'CVE-2024-29902',
    arrange: (registry) => {
      putSignatureTag(registry, REPOSITORY, VICTIM, junkLayers(1));
      registry.fail('blob', new Error('a gigabyte was fetched'));
    },
    expected: untrusted('too-large'),
  },
  {
    fact: 12,
    name: 'a payload over the cap, properly signed',
    advisory: 'CVE-2024-29902',
    arrange: (registry) =>
      pushPayload(registry, legacyPayload(VICTIM, { pad: ' '.repeat(70_000) })),
    expected: untrusted('too-large'),
  },
  {
    fact: 12,
    name: 'a layer larger than it says',
    advisory: 'CVE-2024-29902',
    arrange: (registry) =>
      putSignatureTag(registry, REPOSITORY, VICTIM, [{ ...goodLayer(registry), size: 10 }]),
    expected: untrusted('too-large'),
  },
  {
    fact: 12,
    name: 'a layer smaller than it says',
    advisory: 'CVE-2024-29902',
    arrange: (registry) =>
      putSignatureTag(registry, REPOSITORY, VICTIM, [{ ...goodLayer(registry), size: 9999 }]),
    expected: untrusted('malformed'),
  },
  {
    fact: 12,
    name: 'a signature manifest that is too large to read',
    advisory: 'CVE-2024-29902',
    arrange: (registry) => {
      const error = new CountersignError('too-large', 'Manifest is larger than what is read');
      registry.fail(`manifest ${REPOSITORY} sha256-${hex}.sig`, error);
    },
    expected: untrusted('too-large'),
  },
  {
    fact: 12,
    name: 'bundles that are too large together',
    advisory: 'CVE-2024-29902',
    arrange: (registry) => {
      for (let at = 0; at < 6; at++) pushBundle(registry, `${at}${' '.repeat(3 * 1024 * 1024)}`);
    },
    expected: untrusted('too-large'),
  },
  {
    fact: 12,
    name: 'referrer manifests that are too large together',
    advisory: 'CVE-2024-29902',
    arrange: (registry) => {
      for (let at = 0; at < 6; at++) {
        const pad = `${at}${' '.repeat(3 * 1024 * 1024)}`;
        pushBundle(registry, {}, { manifest: { layers: [], artifactType: 'text/plain', pad } });
      }
    },
    expected: untrusted('too-large'),
  },
  ...(
    [
      [
        'log entries',
        material({ ...hint, tlogEntries: Array.from({ length: 10_000 }, () => ({})) }),
      ],
      [
        'timestamps',
        material({
          ...hint,
          timestampVerificationData: {
            rfc3161Timestamps: Array.from({ length: 10_000 }, () => ({ signedTimestamp: 'AA==' })),
          },
        }),
      ],
      [
        'subjects',
        spoiltBundle(() => {
          const [subject] = [statementOf(VICTIM)['subject']].flat();
          const many = Array.from({ length: 10_000 }, () => subject);
          return bundleOf({ ...statementOf(VICTIM), subject: many }, release);
        }),
      ],
    ] as const
  ).map(
    ([what, arrange]): TrustCase => ({
      fact: 13,
      name: `a good bundle with 10,000 ${what}`,
      advisory: 'CVE-2024-45395',
      arrange,
      expected: untrusted('too-many'),
    }),
  ),
];
