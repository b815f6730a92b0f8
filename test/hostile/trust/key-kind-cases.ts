import { sign } from 'node:crypto';

import {
  bundleOf,
  createSigningKey,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  putSignatureTag,
  type SigningKey,
  signBundle,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';
import type { KeyKind } from '#test/fakes/key-kinds.ts';
import type { MemoryRegistry } from '#test/fakes/memory-registry.ts';

import {
  type Expected,
  junkLayers,
  OTHER,
  pushBundle,
  REPOSITORY,
  type TrustCase,
  incomplete,
  untrusted,
  verified,
  VICTIM,
} from './world.ts';

const KINDS: readonly KeyKind[] = ['P-384', 'P-521', 'Ed25519', 'Ed25519ph', 'RSA 2048', 'RSA-PSS'];

type Case = readonly [
  fact: number,
  name: string,
  arrange: (registry: MemoryRegistry, key: SigningKey, other: SigningKey) => void,
  expected: Expected | ((kind: KeyKind) => Expected),
  policy?: (key: SigningKey, other: SigningKey) => TrustCase['policy'],
];

const prod: Case[4] = (key) => keyPolicy([key], { annotations: { env: 'prod' } });
const optional = (env: unknown) => ({ env });

/** What each kind of key is tried with, for the algorithms differ in what they refuse by themselves. */
const CASES: readonly Case[] = [
  [
    1,
    'a signature of another digest',
    (registry, key) => {
      const layer = legacyLayer(registry, REPOSITORY, legacyPayload(OTHER), key);
      putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    untrusted('digest-mismatch'),
  ],
  [
    12,
    'a payload over the cap, properly signed',
    (registry, key) => signLegacy(registry, REPOSITORY, VICTIM, key, { pad: 'x'.repeat(70_000) }),
    untrusted('too-large'),
  ],
  [
    14,
    'one key under two names where two authorities are required',
    (registry, key) => {
      signLegacy(registry, REPOSITORY, VICTIM, key);
      signBundle(registry, REPOSITORY, VICTIM, key);
    },
    incomplete('wrong-key'),
    (key) => keyPolicy([key, { ...key, pem: `\n${key.pem}\n` }]),
  ],
  [
    14,
    'one of two signers twice where two are required',
    (registry, key) => {
      signLegacy(registry, REPOSITORY, VICTIM, key, { n: 1 });
      signBundle(registry, REPOSITORY, VICTIM, key);
    },
    incomplete('wrong-key'),
    (key, other) => keyPolicy([key, other]),
  ],
  [
    26,
    'a certificate in the bundle where the policy names a key',
    (registry, key) => {
      const material = { certificate: { rawBytes: 'AAAA' } };
      pushBundle(registry, bundleOf(statementOf(VICTIM), key, { material }));
    },
    untrusted('wrong-key'),
  ],
  [
    29,
    'a signature with a byte more',
    (registry, key) => {
      const bytes = Buffer.from(legacyPayload(VICTIM));
      const longer = Buffer.concat([signature(key, bytes), Buffer.alloc(1)]).toString('base64');
      const layer = legacyLayer(registry, REPOSITORY, bytes, key, longer);
      putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    untrusted('bad-signature'),
  ],
  [
    29,
    'a signature of zeros',
    (registry, key) => {
      const bytes = Buffer.from(legacyPayload(VICTIM));
      const zeros = Buffer.alloc(signature(key, bytes).length).toString('base64');
      const layer = legacyLayer(registry, REPOSITORY, bytes, key, zeros);
      putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    // DER is around those of elliptic curves; the others have the right length, and are of no key.
    (kind) => untrusted(kind.startsWith('P-') ? 'bad-signature' : 'wrong-key'),
  ],
  [
    30,
    'a signed payload with a digest twice',
    (registry, key) => {
      const twice = `"image":{"docker-manifest-digest":"${OTHER}",`;
      const payload = legacyPayload(VICTIM).replace('"image":{', twice);
      const layer = legacyLayer(registry, REPOSITORY, payload, key);
      putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
    },
    untrusted('malformed'),
  ],
  [
    32,
    'junk and a stranger’s signature beside a good one',
    (registry, key, other) => {
      pushBundle(registry, 'junk');
      pushBundle(registry, bundleOf(statementOf(VICTIM), other));
      const payload = legacyPayload(VICTIM);
      const strange = legacyLayer(registry, REPOSITORY, payload, other);
      const good = legacyLayer(registry, REPOSITORY, payload, key);
      putSignatureTag(registry, REPOSITORY, VICTIM, [...junkLayers(2), strange, good]);
    },
    verified,
  ],
  [
    33,
    'a stranger’s signature put in place of the good one',
    (registry, key, other) => {
      signLegacy(registry, REPOSITORY, VICTIM, key);
      signLegacy(registry, REPOSITORY, VICTIM, other);
    },
    untrusted('wrong-key'),
  ],
  ...[null, optional('dev'), optional(true)].map(
    (claims): Case => [
      34,
      `annotations ${JSON.stringify(claims)} where env=prod is required`,
      (registry, key) => signLegacy(registry, REPOSITORY, VICTIM, key, claims),
      untrusted('missing-claim'),
      prod,
    ],
  ),
  [
    36,
    'an older digest that was properly signed: its age is the rule’s business, not the key’s',
    (registry, key) => signBundle(registry, REPOSITORY, VICTIM, key),
    verified,
  ],
];

function signature(key: SigningKey, bytes: Buffer): Buffer {
  return key.sign?.(bytes) ?? sign('sha256', bytes, key.privateKey);
}

export const KEY_KIND_CASES: readonly TrustCase[] = KINDS.flatMap((kind) => {
  const key = createSigningKey(kind);
  const other = createSigningKey(kind);
  return CASES.map(([fact, name, arrange, expected, policy]): TrustCase => {
    const chosen = policy?.(key, other) ?? keyPolicy([key]);
    return {
      fact,
      name: `${name}, by a key of ${kind}`,
      advisory: 'another algorithm, another path',
      arrange: (registry) => arrange(registry, key, other),
      policy: chosen,
      expected: typeof expected === 'function' ? expected(kind) : expected,
    };
  });
});
