import { createHash, generateKeyPairSync } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { reasonsOf } from '#shared/core/verdict.ts';
import { type BundleInput, verifyBundle } from '#shared/trust/verify-bundle.ts';
import { statementOf } from '#test/fakes/cosign.ts';
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
import { keylessBundle, messageBundle } from '#test/fixtures/sigstore/sign-keyless.ts';

const ARTIFACT = Buffer.from('the artifact');
const hash = (algorithm: string): string => createHash(algorithm).update(ARTIFACT).digest('hex');
const DIGEST = `sha256:${hash('sha256')}`;

let sigstore: PrivateSigstore;
let signer: Signer;
beforeAll(async () => {
  sigstore = await createPrivateSigstore();
  signer = await sigstore.certify();
});

/** The policy names the public-good root, which there is not: what is given counts. */
async function verify(parts: Partial<BundleInput> & { bundle: unknown }): Promise<unknown> {
  const policy = policyOf([keylessAuthority('', { trustedRoot: 'public-good' })]);
  const input = { artifact: ARTIFACT, policy, trustedRoot: sigstore.root(), ...parts };
  const verdict = await verifyBundle(input);
  return verdict.status === 'untrusted' ? reasonsOf(verdict) : verdict;
}

const VERIFIED = {
  status: 'verified',
  authorities: ['ci'],
  candidates: [{ source: DIGEST, format: 'bundle', authority: 'ci', identity: SUBJECT }],
};

describe('verifyBundle()', () => {
  it.each([1, 2] as const)('verifies a signature over an artifact, logged by %s', async (log) => {
    const bundle = await messageBundle(sigstore, signer, ARTIFACT, { log });
    await expect(verify({ bundle })).resolves.toEqual(VERIFIED);
    await expect(verify({ bundle: JSON.stringify(bundle) })).resolves.toEqual(VERIFIED);
    await expect(verify({ bundle, artifact: DIGEST })).resolves.toEqual(VERIFIED);
  });

  it.each([1, 2] as const)('verifies a statement of any predicate, logged by %s', async (log) => {
    const statement = { ...statementOf(DIGEST), predicateType: 'https://slsa.dev/provenance/v1' };
    const bundle = await keylessBundle(sigstore, signer, DIGEST, { log, statement });
    await expect(verify({ bundle })).resolves.toEqual(VERIFIED);
    await expect(verify({ bundle, artifact: DIGEST })).resolves.toEqual(VERIFIED);
  });

  it('finds the artifact in a statement by any of its digests', async () => {
    const subject = [{ name: 'a', digest: { sha512: hash('sha512') } }];
    const statement = { ...statementOf(DIGEST), subject };
    const bundle = await keylessBundle(sigstore, signer, DIGEST, { statement });
    await expect(verify({ bundle })).resolves.toEqual(VERIFIED);
    const artifact = `sha512:${hash('sha512')}`;
    await expect(verify({ bundle, artifact })).resolves.toMatchObject({ status: 'verified' });
    await expect(verify({ bundle, artifact: DIGEST })).resolves.toEqual(['digest-mismatch']);
  });

  it('takes the root as text, as value and from the policy', async () => {
    const bundle = await messageBundle(sigstore, signer, ARTIFACT);
    const root: unknown = JSON.parse(sigstore.root());
    if (typeof root !== 'object' || root === null) throw new Error('a root is an object');
    await expect(verify({ bundle, trustedRoot: root })).resolves.toEqual(VERIFIED);
    const policy = keylessPolicy(sigstore.root());
    await expect(verifyBundle({ bundle, artifact: ARTIFACT, policy })).resolves.toEqual(VERIFIED);
  });

  it('verifies a signature by a key in a log', async () => {
    const keys = createKeys();
    const bundle = await messageBundle(sigstore, { ...keys, certificate: undefined }, ARTIFACT);
    const policy = loggedKeyPolicy('', keys.publicKey);
    const verified = { status: 'verified', authorities: ['release'] };
    await expect(verify({ bundle, policy })).resolves.toMatchObject(verified);
    await expect(verify({ bundle, policy, artifact: DIGEST })).resolves.toMatchObject(verified);
    const other = loggedKeyPolicy('', createKeys().publicKey);
    await expect(verify({ bundle, policy: other })).resolves.toEqual(['wrong-key']);
    await expect(verify({ bundle })).resolves.toEqual(['wrong-identity']);
  });

  it.each([
    ['ECDSA P-256', () => createKeys()],
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('verifies a signature by %s over a digest alone', async (_, makeKeys) => {
    const keys = makeKeys();
    const by = { ...keys, certificate: undefined };
    const bundle = await messageBundle(sigstore, by, ARTIFACT, { log: 'none' });
    const policy = loggedKeyPolicy('', keys.publicKey, 'ignore');
    const artifact = DIGEST;
    await expect(verify({ bundle, policy, artifact })).resolves.toMatchObject({
      status: 'verified',
    });
    const spoilt = Buffer.from(bundle.messageSignature.signature, 'base64');
    spoilt[20] = (spoilt[20] ?? 0) ^ 1;
    const signature = spoilt.toString('base64');
    const altered = { ...bundle, messageSignature: { ...bundle.messageSignature, signature } };
    await expect(verify({ bundle: altered, policy, artifact })).resolves.toEqual(['bad-signature']);
  });

  it.each([
    ['other bytes', Buffer.from('another artifact')],
    ['another digest', `sha256:${'0'.repeat(64)}`],
  ])('refuses %s', async (_, artifact) => {
    const message = await messageBundle(sigstore, signer, ARTIFACT);
    const statement = await keylessBundle(sigstore, signer, DIGEST);
    await expect(verify({ bundle: message, artifact })).resolves.toEqual(['digest-mismatch']);
    await expect(verify({ bundle: statement, artifact })).resolves.toEqual(['digest-mismatch']);
  });

  it('refuses a bundle that says the digest of the artifact and signs another', async () => {
    const good = await messageBundle(sigstore, signer, Buffer.from('another artifact'));
    const { messageDigest } = (await messageBundle(sigstore, signer, ARTIFACT)).messageSignature;
    const bundle = { ...good, messageSignature: { ...good.messageSignature, messageDigest } };
    await expect(verify({ bundle })).resolves.toEqual(['bad-signature']);
    await expect(verify({ bundle, artifact: DIGEST })).resolves.toEqual(['bad-signature']);
  });

  it('refuses a bundle that says another digest than it signs', async () => {
    const good = await messageBundle(sigstore, signer, ARTIFACT);
    const { messageDigest } = (await messageBundle(sigstore, signer, Buffer.from('x')))
      .messageSignature;
    const bundle = { ...good, messageSignature: { ...good.messageSignature, messageDigest } };
    await expect(verify({ bundle })).resolves.toEqual(['digest-mismatch']);
  });

  it.each([
    ['of an unknown type', { _type: 'https://in-toto.io/Statement/v2' }, 'malformed'],
    ['without a type', { _type: undefined }, 'malformed'],
    ['without a predicate type', { predicateType: undefined }, 'malformed'],
    ['without subjects', { subject: [] }, 'digest-mismatch'],
    [
      'with too many subjects',
      { subject: Array.from({ length: 2000 }, () => ({ digest: {} })) },
      'too-many',
    ],
  ])('refuses a statement %s', async (_, parts, reason) => {
    const statement = { ...statementOf(DIGEST), ...parts };
    const bundle = await keylessBundle(sigstore, signer, DIGEST, { statement });
    await expect(verify({ bundle })).resolves.toEqual([reason]);
  });

  it('refuses a bundle with both contents, and one with none', async () => {
    const { messageSignature } = await messageBundle(sigstore, signer, ARTIFACT);
    const bundle = await keylessBundle(sigstore, signer, DIGEST);
    await expect(verify({ bundle: { ...bundle, messageSignature } })).resolves.toEqual([
      'malformed',
    ]);
    const none = { ...bundle, dsseEnvelope: undefined };
    await expect(verify({ bundle: none })).resolves.toEqual(['malformed']);
  });

  it('refuses a chain in a bundle of version 0.3, and takes its leaf in 0.2', async () => {
    const { mediaType, ...rest } = await messageBundle(sigstore, signer, ARTIFACT);
    const { certificate, ...material } = rest.verificationMaterial;
    const x509CertificateChain = { certificates: [certificate, { rawBytes: 'AAAA' }] };
    const bundle = { ...rest, verificationMaterial: { ...material, x509CertificateChain } };
    await expect(verify({ bundle: { ...bundle, mediaType } })).resolves.toEqual(['malformed']);
    const older = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
    await expect(verify({ bundle: { ...bundle, mediaType: older } })).resolves.toEqual(VERIFIED);
  });

  it.each([
    ['nothing', undefined],
    ['a function', verify],
    ['null', null],
    ['text', '"x"'],
  ])('refuses %s in place of a bundle', async (_, bundle) => {
    await expect(verify({ bundle })).resolves.toEqual(['malformed']);
  });

  it('refuses a bundle that is too large, and one where the policy wants the legacy form', async () => {
    await expect(verify({ bundle: ' '.repeat(5_000_000) })).resolves.toEqual(['too-large']);
    const policy = policyOf([keylessAuthority('')], { format: 'legacy' });
    const bundle = await messageBundle(sigstore, signer, ARTIFACT);
    await expect(verify({ bundle, policy })).resolves.toEqual(['wrong-format']);
  });

  it.each([
    ['an artifact that is no digest', { artifact: 'sha256:short' }, 'bad-request'],
    ['an artifact by SHA-1', { artifact: `sha1:${'0'.repeat(40)}` }, 'bad-request'],
    ['a root that is none', { trustedRoot: '{}' }, 'bad-config'],
    ['a policy without authorities', { policy: policyOf([]) }, 'bad-config'],
    [
      'a policy with attestations',
      {
        policy: policyOf([keylessAuthority('')], {
          attestations: [{ predicateType: 'x', where: {} }],
        }),
      },
      'bad-config',
    ],
    [
      'a policy that requires none',
      { policy: policyOf([keylessAuthority('')], { require: 0 }) },
      'bad-config',
    ],
  ])('throws for %s', async (_, parts, code) => {
    const bundle = await messageBundle(sigstore, signer, ARTIFACT);
    await expect(verify({ bundle, ...parts })).rejects.toMatchObject({ code });
  });
});
