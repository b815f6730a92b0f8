import { CountersignError } from '#shared/core/errors.ts';
import type { AttestationRule } from '#shared/core/policy.ts';
import {
  attestationOf,
  attestBundle,
  bundleOf,
  envelopeLayer,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  putAttestationTag,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';
import type { MemoryRegistry } from '#test/fakes/memory-registry.ts';

import {
  deep,
  hex,
  OTHER,
  pushBundle,
  release,
  REPOSITORY,
  stranger,
  type TrustCase,
  incomplete,
  untrusted,
  verified,
  VICTIM,
} from './world.ts';

const SLSA = 'https://slsa.dev/provenance/v1';
const ENVELOPE = 'application/vnd.dsse.envelope.v1+json';
const good = attestationOf(VICTIM, SLSA, { builder: { id: 'ci' }, safe: true });
const requiring = (where: AttestationRule['where'] = { 'builder.id': 'ci', safe: true }) =>
  keyPolicy([release], { attestations: [{ predicateType: SLSA, where }] });

/** The envelope of a good attestation under the `.att` tag, with parts of it replaced. */
function spoilt(parts: object): TrustCase['arrange'] {
  return (registry) => {
    const { dsseEnvelope } = bundleOf(good, release, { envelope: parts });
    putRaw(registry, dsseEnvelope);
  };
}

function putRaw(registry: MemoryRegistry, ...envelopes: readonly unknown[]): void {
  const layers = envelopes.map((one) => ({
    ...registry.putBlob(REPOSITORY, one),
    mediaType: ENVELOPE,
    annotations: { predicateType: SLSA },
  }));
  putAttestationTag(registry, REPOSITORY, VICTIM, layers);
}

type Row = readonly [fact: number, name: string, TrustCase['arrange'], TrustCase['expected']];

/** The image is properly signed in each; what is missing is the attestation that the policy asks for. */
const ROWS: readonly Row[] = [
  [
    6,
    'an attestation of another type, whose layer says it is of the right one',
    (registry) =>
      putRaw(registry, bundleOf({ ...good, predicateType: 'x' }, release)['dsseEnvelope']),
    incomplete('no-matching-predicate'),
  ],
  [
    6,
    'the signature itself, as an envelope under the .att tag',
    (registry) => putRaw(registry, bundleOf(statementOf(VICTIM), release)['dsseEnvelope']),
    untrusted('malformed'),
  ],
  [
    6,
    'a legacy signature under the .att tag',
    (registry) => {
      const layer = legacyLayer(registry, REPOSITORY, legacyPayload(VICTIM), release);
      putAttestationTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    untrusted('malformed'),
  ],
  [
    2,
    'an attestation of another image under the tag of this one',
    (registry) => {
      const layer = envelopeLayer(registry, REPOSITORY, release, attestationOf(OTHER, SLSA));
      putAttestationTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    untrusted('digest-mismatch'),
  ],
  [6, 'an unsigned statement', (registry) => putRaw(registry, good), untrusted('malformed')],
  [
    6,
    'an attestation by a stranger',
    (registry) => attestBundle(registry, REPOSITORY, VICTIM, stranger, good),
    untrusted('wrong-key'),
  ],
  [
    6,
    'half of the conditions in one attestation and half in another',
    (registry) => {
      for (const predicate of [{ builder: { id: 'ci' } }, { safe: true }]) {
        const statement = attestationOf(VICTIM, SLSA, predicate);
        attestBundle(registry, REPOSITORY, VICTIM, release, statement);
      }
    },
    untrusted('no-matching-predicate'),
  ],
  ...[{ safe: 'true' }, { safe: 1 }, { safe: [true] }, {}].map(
    (part): Row => [
      34,
      `a condition that ${JSON.stringify(part)} does not hold`,
      (registry) => {
        const statement = attestationOf(VICTIM, SLSA, { builder: { id: 'ci' }, ...part });
        attestBundle(registry, REPOSITORY, VICTIM, release, statement);
      },
      untrusted('no-matching-predicate'),
    ],
  ),
  [
    12,
    'an attestation over the cap',
    spoilt({ pad: 'x'.repeat(5_000_000) }),
    untrusted('too-large'),
  ],
  [
    13,
    'an attestation of 10,000 subjects',
    (registry) => {
      const [subject] = [good['subject']].flat();
      const many = Array.from({ length: 10_000 }, () => subject);
      attestBundle(registry, REPOSITORY, VICTIM, release, { ...good, subject: many });
    },
    untrusted('too-many'),
  ],
  [
    28,
    'an envelope of another payload type',
    spoilt({ payloadType: 'text/plain' }),
    untrusted('malformed'),
  ],
  [28, 'an envelope with no signature', spoilt({ signatures: [] }), untrusted('malformed')],
  [
    28,
    'an envelope with two signatures',
    spoilt({ signatures: [{ sig: 'AA==' }, { sig: 'AA==' }] }),
    untrusted('malformed'),
  ],
  [
    28,
    'a depth bomb under the .att tag',
    (registry) => putRaw(registry, deep),
    untrusted('malformed'),
  ],
  [
    29,
    'an envelope with junk in its base64',
    spoilt({ payload: 'e30=\n' }),
    untrusted('malformed'),
  ],
  [
    30,
    'a predicate with a field twice',
    (registry) => {
      const text = JSON.stringify(good).replace('"safe":', '"safe":false,"safe":');
      attestBundle(registry, REPOSITORY, VICTIM, release, text);
    },
    untrusted('malformed'),
  ],
  [
    30,
    'a predicate whose conditions hold in __proto__',
    (registry) => {
      const text = JSON.stringify(good).replace('"safe":', '"__proto__":{"safe":true},"x":');
      attestBundle(registry, REPOSITORY, VICTIM, release, text);
    },
    untrusted('malformed'),
  ],
  [
    31,
    'a registry that denies the .att tag',
    (registry) =>
      registry.fail(
        `manifest ${REPOSITORY} sha256-${hex}.att`,
        new CountersignError('registry-denied', 'Registry says no'),
      ),
    { failure: 'registry-denied' },
  ],
  [
    32,
    'junk beside a good attestation',
    (registry) => {
      putRaw(registry, 'junk', good, deep, bundleOf(good, stranger)['dsseEnvelope']);
      pushBundle(registry, 'junk');
      attestBundle(registry, REPOSITORY, VICTIM, release, good);
    },
    verified,
  ],
  [33, 'junk under the .att tag', (registry) => putRaw(registry, 'junk'), untrusted('malformed')],
  [
    33,
    'an image under the .att tag',
    (registry) => putAttestationTag(registry, REPOSITORY, VICTIM, []),
    untrusted('malformed'),
  ],
];

export const ATTESTATION_CASES: readonly TrustCase[] = ROWS.map(
  ([fact, name, arrange, expected]) => ({
    fact,
    name: `${name}, where an attestation is required`,
    advisory: 'CVE-2022-35929, CVE-2022-35930',
    arrange: (registry) => {
      signLegacy(registry, REPOSITORY, VICTIM, release);
      arrange(registry);
    },
    policy: requiring(),
    expected,
  }),
);
