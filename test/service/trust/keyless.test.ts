import { beforeAll, describe, expect, it } from 'vitest';

import type { KeylessAuthority, TrustPolicy } from '#shared/core/policy.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createTrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createVerifier, type Verifier } from '#shared/trust/verifier.ts';
import {
  attestationOf,
  legacyPayload,
  putAttestationTag,
  putBundle,
  putSignatureTag,
  SIMPLE_SIGNING,
} from '#test/fakes/cosign.ts';
import {
  createMemoryRegistry,
  digestOf,
  type MemoryRegistry,
} from '#test/fakes/memory-registry.ts';
import {
  keylessAuthority,
  keylessPolicy,
  loggedKeyPolicy,
  policyOf,
} from '#test/fixtures/sigstore/policies.ts';
import {
  createKeys,
  createPrivateSigstore,
  type PrivateSigstore,
  type Signer,
  SUBJECT,
} from '#test/fixtures/sigstore/private-sigstore.ts';
import {
  keylessBundle,
  legacyAnnotations,
  legacyAttestation,
  type ProofParts,
} from '#test/fixtures/sigstore/sign-keyless.ts';

const REPOSITORY = 'registry.example/configs/platform';
const IMAGE = digestOf(Buffer.from('image'));
const subject = { repository: REPOSITORY, digest: IMAGE };

let sigstore: PrivateSigstore;
let signer: Signer;
beforeAll(async () => {
  sigstore = await createPrivateSigstore();
  signer = await sigstore.certify();
});

/** Whatever else it knows, it never fetches a root. */
function verifierOf(registry: MemoryRegistry): Verifier {
  const now = (): number => sigstore.now.getTime();
  const fetchPublicGood = (): Promise<string> => Promise.reject(new Error('fetched'));
  const roots = createTrustRootLoader({ now, fetchPublicGood });
  return createVerifier({ registry, keys: createKeyLoader(), now, roots });
}

async function signLegacy(registry: MemoryRegistry, by: Signer, parts: ProofParts): Promise<void> {
  const payload = Buffer.from(legacyPayload(IMAGE));
  const annotations = await legacyAnnotations(sigstore, by, payload, parts);
  const blob = registry.putBlob(REPOSITORY, payload);
  putSignatureTag(registry, REPOSITORY, IMAGE, [
    { ...blob, mediaType: SIMPLE_SIGNING, annotations },
  ]);
}

async function signBundle(registry: MemoryRegistry, by: Signer, parts: ProofParts): Promise<void> {
  const bundle = await keylessBundle(sigstore, by, IMAGE, parts);
  registry.addReferrer(REPOSITORY, IMAGE, putBundle(registry, REPOSITORY, IMAGE, bundle));
}

const FORMS = [
  ['a legacy signature', signLegacy],
  ['a bundle', signBundle],
] as const;

const PROOFS: readonly (readonly [string, ProofParts])[] = [
  ['logged by Rekor 1', { log: 1 }],
  ['logged by Rekor 1 and stamped', { log: 1, stamped: true }],
  ['logged by Rekor 2 and stamped', { log: 2, stamped: true }],
];

const WAYS = FORMS.flatMap(([form, sign]) =>
  PROOFS.filter(([, { log }]) => sign === signBundle || log === 1).map(
    ([proof, parts]) => ({ form, proof, sign, parts }) as const,
  ),
);

describe('a keyless authority', () => {
  it.each(WAYS)('accepts $form $proof', async ({ sign, parts }) => {
    const registry = createMemoryRegistry();
    await sign(registry, signer, parts);
    const verdict = await verifierOf(registry).verify(subject, keylessPolicy(sigstore.root()));
    expect(verdict).toMatchObject({
      status: 'verified',
      authorities: ['ci'],
      candidates: [{ authority: 'ci', identity: SUBJECT }],
    });
  });

  it.each<[string, Partial<KeylessAuthority>, string]>([
    ['another subject', { subject: { exact: `${SUBJECT}x` } }, 'wrong-identity'],
    [
      'the beginning of the subject',
      { subject: { exact: SUBJECT.slice(0, -1) } },
      'wrong-identity',
    ],
    ['another issuer', { issuer: 'https://issuer.example/' }, 'wrong-issuer'],
    ['a claim it does not have', { claims: { '1.3.6.1.4.1.57264.1.12': 'x' } }, 'wrong-identity'],
    ['annotations', { annotations: { env: 'prod' } }, 'missing-claim'],
  ])('refuses a certificate where the policy names %s', async (_, parts, reason) => {
    const registry = createMemoryRegistry();
    await signBundle(registry, signer, {});
    const policy = keylessPolicy(sigstore.root(), parts);
    await expect(verifierOf(registry).verify(subject, policy)).resolves.toMatchObject({
      status: 'untrusted',
      candidates: [{ authority: 'ci', reason }],
    });
  });
});

describe('a legacy attestation', () => {
  it('is stamped over its envelope', async () => {
    const registry = createMemoryRegistry();
    await signLegacy(registry, signer, {});
    const statement = attestationOf(IMAGE, 'https://slsa.dev/provenance/v1');
    const made = await legacyAttestation(sigstore, signer, statement);
    const { envelope, annotations } = made;
    const mediaType = 'application/vnd.dsse.envelope.v1+json';
    const layer = { ...registry.putBlob(REPOSITORY, envelope), mediaType, annotations };
    putAttestationTag(registry, REPOSITORY, IMAGE, [layer]);
    const attestations = [{ predicateType: 'https://slsa.dev/provenance/v1', where: {} }];
    const policy = policyOf([keylessAuthority(sigstore.root())], { attestations });
    await expect(verifierOf(registry).verify(subject, policy)).resolves.toMatchObject({
      status: 'verified',
    });
  });
});

describe('a key authority that requires the log', () => {
  it.each(WAYS)('accepts $form $proof', async ({ sign, parts }) => {
    const keys = createKeys();
    const registry = createMemoryRegistry();
    await sign(registry, { ...keys, certificate: undefined }, parts);
    const policy = loggedKeyPolicy(sigstore.root(), keys.publicKey);
    await expect(verifierOf(registry).verify(subject, policy)).resolves.toMatchObject({
      status: 'verified',
      authorities: ['release'],
    });
  });

  it.each(FORMS)('refuses %s that is not logged', async (_, sign) => {
    const keys = createKeys();
    const registry = createMemoryRegistry();
    await sign(registry, { ...keys, certificate: undefined }, { log: 'none', stamped: true });
    const logged = loggedKeyPolicy(sigstore.root(), keys.publicKey);
    await expect(verifierOf(registry).verify(subject, logged)).resolves.toMatchObject({
      status: 'untrusted',
      candidates: [{ reason: 'missing-log-entry' }],
    });
    const ignoring: TrustPolicy = loggedKeyPolicy(sigstore.root(), keys.publicKey, 'ignore');
    await expect(verifierOf(registry).verify(subject, ignoring)).resolves.toMatchObject({
      status: 'verified',
    });
  });
});
