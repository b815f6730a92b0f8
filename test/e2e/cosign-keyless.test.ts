import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Digest } from '#shared/core/digest.ts';
import type { KeylessAuthority, TrustPolicy } from '#shared/core/policy.ts';
import { keylessAuthority, loggedKeyPolicy, policyOf } from '#test/fixtures/sigstore/policies.ts';
import { type SigstoreServices, serveSigstore } from '#test/fixtures/sigstore/services/serve.ts';

import { type CosignWorld, openCosignWorld, PLAIN_HTTP } from './tools/cosign-world.ts';
import { createFigures } from './tools/figures.ts';
import { type KeylessWay, keylessWays, SIGNING_CONFIGS } from './tools/keyless-ways.ts';

const SUBJECT = 'https://ci.example/acme/configs/release@refs/heads/main';
const OTHER_SUBJECT = 'https://ci.example/acme/configs/release@refs/heads/other';
const OTHER_ISSUER = 'https://issuer.example';
const SLSA = 'https://slsa.dev/provenance/v1';
const BUILD_TYPE = 'https://acme.example/build/v1';

const world: CosignWorld = await openCosignWorld();
const sigstore: SigstoreServices = await serveSigstore();
const strangers: SigstoreServices = await serveSigstore();
const WAYS = keylessWays(sigstore);
let environment: Record<string, string>;
const figures = createFigures('keyless');

beforeAll(async () => {
  const files = {
    'fulcio.pem': sigstore.pem.fulcio,
    'ct.pem': sigstore.pem.ctLog,
    'rekor.pem': sigstore.pem.rekor1,
    'tsa.pem': sigstore.pem.timestamps,
    'root.json': sigstore.trustedRoot,
    'strangers.json': strangers.trustedRoot,
    token: await sigstore.identityToken(SUBJECT),
    'slsa.json': JSON.stringify({
      buildDefinition: { buildType: BUILD_TYPE },
      runDetails: { builder: { id: 'https://acme.example/ci' } },
    }),
    ...Object.fromEntries(
      SIGNING_CONFIGS.map(({ file, ...parts }) => [file, sigstore.signingConfig(parts)]),
    ),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(world.folder, name), text);
  environment = {
    SIGSTORE_ROOT_FILE: join(world.folder, 'fulcio.pem'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: join(world.folder, 'ct.pem'),
    SIGSTORE_REKOR_PUBLIC_KEY: join(world.folder, 'rekor.pem'),
    SIGSTORE_TSA_CERTIFICATE_FILE: join(world.folder, 'tsa.pem'),
  };
});
afterAll(async () => {
  figures.print();
  await sigstore.close();
  await strangers.close();
  await world.close();
});

/** `sign` or `attest`, as the subject. */
async function make(way: KeylessWay, command: 'sign' | 'attest', reference: string): Promise<void> {
  const what = command === 'sign' ? [] : ['--type=slsaprovenance1', '--predicate=slsa.json'];
  const options = ['--yes', PLAIN_HTTP, '--identity-token=token', ...way.flags, ...what];
  const { code, stderr } = await world.attempt(
    way.cosign,
    [command, ...options, reference],
    environment,
  );
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
}

interface Expected {
  readonly subject?: string;
  readonly issuer?: string;
  readonly root?: 'root.json' | 'strangers.json';
}

async function cosignVerifies(
  way: KeylessWay,
  command: 'verify' | 'verify-attestation',
  reference: string,
  { subject = SUBJECT, issuer = sigstore.issuer, root = 'root.json' }: Expected = {},
): Promise<boolean> {
  const identity = [`--certificate-identity=${subject}`, `--certificate-oidc-issuer=${issuer}`];
  const attested = [`--new-bundle-format=${way.isBundle}`, '--type=slsaprovenance1'];
  const what = command === 'verify' ? [] : attested;
  const options = [PLAIN_HTTP, `--trusted-root=${root}`, ...identity, ...way.verify, ...what];
  const { code } = await world.attempt('cosign3', [command, ...options, reference]);
  return code === 0;
}

function policyFor(
  expected: Expected = {},
  parts: Partial<TrustPolicy> = {},
  more: Partial<KeylessAuthority> = {},
): TrustPolicy {
  const { subject = SUBJECT, issuer = sigstore.issuer, root = 'root.json' } = expected;
  const text = root === 'root.json' ? sigstore.trustedRoot : strangers.trustedRoot;
  const authority: Partial<KeylessAuthority> = { issuer, subject: { exact: subject }, ...more };
  return policyOf([keylessAuthority(text, authority)], parts);
}

/** Ours beside cosign's, counted. Without a log cosign goes by the stamp, or by today (docs/signatures.md). */
async function compare(
  way: KeylessWay,
  subject: { repository: string; digest: Digest },
  expected: Expected = {},
): Promise<{ ours: boolean; theirs: boolean; reasons: readonly string[] }> {
  const { status, reasons } = await world.verdictOf(subject, policyFor(expected));
  const reference = `${subject.repository}@${subject.digest}`;
  const theirs = await cosignVerifies(way, 'verify', reference, expected);
  const ours = status === 'verified';
  figures.count(ours, theirs, 'no transparency log');
  return { ours, theirs, reasons };
}

const STAMPS = '--use-signed-timestamps';
const isLogged = ({ proof }: KeylessWay): boolean => proof.startsWith('log');

/** Cosign 3.1.3 stamps the signature of a legacy attestation, and expects the stamp over the envelope. */
function isMisstamped({ cosign, isBundle, proof }: KeylessWay): boolean {
  return cosign === 'cosign3' && !isBundle && proof.includes('stamp');
}

describe.each(WAYS)('$way', (way) => {
  it('is verified as cosign does, and by no other authority', async () => {
    const image = await world.pushIndex();
    await make(way, 'sign', `${image.repository}@${image.digest}`);
    const good = await compare(way, image);
    const reasons = isLogged(way) ? [] : ['missing-log-entry'];
    expect(good).toEqual({ ours: isLogged(way), theirs: true, reasons });
    // A stamp in the log's place, where the policy says so; never neither.
    const stamped = policyFor({}, {}, { transparencyLog: 'timestamp' });
    const { status } = await world.verdictOf(image, stamped);
    expect(status === 'verified').toBe(way.proof !== 'nothing');
    for (const [expected, reason] of [
      [{ subject: OTHER_SUBJECT }, 'wrong-identity'],
      [{ subject: SUBJECT.slice(0, -1) }, 'wrong-identity'],
      [{ issuer: OTHER_ISSUER }, 'wrong-issuer'],
      [{ root: 'strangers.json' }, 'untrusted-root'],
    ] as const) {
      const bad = await compare(way, image, expected);
      expect([expected, bad]).toEqual([
        expected,
        { ours: false, theirs: false, reasons: [reason] },
      ]);
    }
  });

  it('attests as cosign does, and for no other authority', async () => {
    const image = await world.pushIndex();
    const reference = `${image.repository}@${image.digest}`;
    await make(way, 'sign', reference);
    await make(way, 'attest', reference);
    const where = { 'buildDefinition.buildType': BUILD_TYPE };
    const attestations = [{ predicateType: SLSA, where }];
    const verify = isMisstamped(way) ? way.verify.filter((flag) => flag !== STAMPS) : way.verify;
    for (const expected of [{}, { subject: OTHER_SUBJECT }, { issuer: OTHER_ISSUER }]) {
      const { status } = await world.verdictOf(image, policyFor(expected, { attestations }));
      const ours = status === 'verified';
      const theirs = await cosignVerifies(
        { ...way, verify },
        'verify-attestation',
        reference,
        expected,
      );
      const isGood = Object.keys(expected).length === 0;
      expect([expected, ours, theirs]).toEqual([expected, isGood && isLogged(way), isGood]);
      figures.count(ours, theirs, 'no transparency log');
    }
    const other = [{ predicateType: SLSA, where: { 'buildDefinition.buildType': 'other' } }];
    const wrong = await world.verdictOf(image, policyFor({}, { attestations: other }));
    expect(wrong.status).toBe('untrusted');
  });
});

describe('a key whose signatures are logged', () => {
  it.each(WAYS.filter(isLogged))('$way', async (way) => {
    const image = await world.pushIndex();
    const reference = `${image.repository}@${image.digest}`;
    const own = way.flags.filter((flag) => !flag.startsWith('--fulcio-url'));
    const options = ['--yes', PLAIN_HTTP, '--key=release.key', ...own, reference];
    const { code, stderr } = await world.attempt(way.cosign, ['sign', ...options], environment);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    for (const [root, isGood] of [
      ['root.json', true],
      ['strangers.json', false],
    ] as const) {
      const key = ['--key=release.pub', `--trusted-root=${root}`, ...way.verify];
      const theirs = await world.attempt('cosign3', ['verify', PLAIN_HTTP, ...key, reference]);
      const text = isGood ? sigstore.trustedRoot : strangers.trustedRoot;
      const { status } = await world.verdictOf(
        image,
        loggedKeyPolicy(text, await world.publicKey('release')),
      );
      expect([root, status === 'verified', theirs.code === 0]).toEqual([root, isGood, isGood]);
      figures.count(status === 'verified', theirs.code === 0, 'none');
    }
  });
});

describe('the figures', () => {
  it('have no acceptance that cosign refuses', () => {
    expect(figures.acceptedAlone()).toBe(0);
  });
});

describe('the logs', () => {
  it('have what was signed, each its own', () => {
    const { rekor1, rekor2 } = sigstore.logged();
    expect(Math.min(rekor1, rekor2)).toBeGreaterThan(0);
    expect(strangers.logged()).toEqual({ rekor1: 0, rekor2: 0 });
  });
});
