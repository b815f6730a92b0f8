import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  type CosignWorld,
  FORMS,
  type Form,
  openCosignWorld,
  PLAIN_HTTP,
  REFERRER_FORMS,
} from './tools/cosign-world.ts';
import { coverTriples } from './tools/cover-triples.ts';
import { createFigures } from './tools/figures.ts';
import { lightenKey } from './tools/lighten-key.ts';

const SLSA = 'https://slsa.dev/provenance/v1';
const BUILD_TYPE = 'https://acme.example/build/v1';

interface KeyKind {
  readonly kind: string;
  readonly generate: () => { readonly privateKey: KeyObject };
  /** What `cosign verify` needs in order to verify what `cosign sign` made with this key. */
  readonly verifyFlags: readonly string[];
  /** `cosign verify-attestation` takes no flag for the hash, and no cosign verifies its own Ed25519ph (docs/signatures.md). */
  readonly cosignVerifies: { readonly signatures: boolean; readonly attestations: boolean };
}

const ALL = { signatures: true, attestations: true };
const SIGNATURES = { signatures: true, attestations: false };
const NONE = { signatures: false, attestations: false };

const KEYS: readonly KeyKind[] = [
  { kind: 'p256', generate: elliptic('P-256'), verifyFlags: [], cosignVerifies: ALL },
  { kind: 'p384', generate: elliptic('P-384'), ...withHash('sha384') },
  { kind: 'p521', generate: elliptic('P-521'), ...withHash('sha512') },
  {
    kind: 'ed25519',
    generate: () => generateKeyPairSync('ed25519'),
    verifyFlags: [],
    cosignVerifies: NONE,
  },
  { kind: 'rsa2048', generate: rsa(2048), verifyFlags: [], cosignVerifies: ALL },
  { kind: 'rsa3072', generate: rsa(3072), verifyFlags: [], cosignVerifies: ALL },
  { kind: 'rsa4096', generate: rsa(4096), verifyFlags: [], cosignVerifies: ALL },
];

function elliptic(namedCurve: string): KeyKind['generate'] {
  return () => generateKeyPairSync('ec', { namedCurve });
}

function rsa(modulusLength: number): KeyKind['generate'] {
  return () => generateKeyPairSync('rsa', { modulusLength });
}

function withHash(hash: string): Pick<KeyKind, 'verifyFlags' | 'cosignVerifies'> {
  return { verifyFlags: [`--signature-digest-algorithm=${hash}`], cosignVerifies: SIGNATURES };
}

const ALL_FORMS: readonly Form[] = [...FORMS, ...REFERRER_FORMS];
const TARGETS = ['image', 'index', 'recursive'] as const;
const PRODUCT = KEYS.flatMap(({ kind: key }) =>
  ALL_FORMS.flatMap(({ form }) =>
    TARGETS.flatMap((target) =>
      [false, true].flatMap((annotated) =>
        [false, true].flatMap((attested) =>
          (['embedded', 'bare', 'debian'] as const).map((host) => ({
            key,
            form,
            target,
            annotated,
            attested,
            host,
          })),
        ),
      ),
    ),
  ),
);
/** The whole product takes an hour: `COUNTERSIGN_MATRIX=whole npm run test:e2e -- cosign-matrix`. */
const WHOLE = process.env['COUNTERSIGN_MATRIX'] === 'whole';
const ROWS = WHOLE ? PRODUCT : coverTriples(PRODUCT);
/** Each takes about ten processes. */
const MAX_ROWS = WHOLE ? PRODUCT.length : 160;

const figures = createFigures('signatures and attestations of cosign');
let world: CosignWorld;

beforeAll(async () => {
  world = await openCosignWorld();
  const predicate = {
    buildDefinition: { buildType: BUILD_TYPE },
    runDetails: { builder: { id: 'https://acme.example/ci' } },
  };
  await writeFile(join(world.folder, 'slsa.json'), JSON.stringify(predicate));
  for (const { kind, generate } of KEYS) {
    const pem = generate().privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(world.folder, `${kind}.pem`), pem);
    const args = [`--key=${kind}.pem`, `--output-key-prefix=${kind}`];
    await world.run('cosign3', 'import-key-pair', ...args);
    await lightenKey(join(world.folder, `${kind}.key`));
  }
});
afterAll(async () => {
  figures.print();
  await world?.close();
});

type Row = (typeof ROWS)[number];

function parts(row: Row) {
  const key = KEYS.find(({ kind }) => kind === row.key);
  const form = ALL_FORMS.find((one) => one.form === row.form);
  if (key === undefined || form === undefined) throw new Error('no such key or form');
  return { key, form };
}

async function attest(row: Row, reference: string): Promise<void> {
  const { cosign, flags } = parts(row).form;
  const options = ['--yes', `--key=${row.key}.key`, '--tlog-upload=false', PLAIN_HTTP, ...flags];
  const what = ['--type=slsaprovenance1', '--predicate=slsa.json', reference];
  await world.run(cosign, 'attest', ...options, ...what);
}

async function cosignVerifiesAttestation(row: Row, reference: string): Promise<boolean> {
  const isBundle = row.form.endsWith('bundle');
  const options = [`--key=${row.key}.pub`, '--insecure-ignore-tlog=true', PLAIN_HTTP];
  const what = ['--type=slsaprovenance1', `--new-bundle-format=${isBundle}`, reference];
  const { code } = await world.attempt('cosign3', ['verify-attestation', ...options, ...what]);
  return code === 0;
}

describe('the matrix', () => {
  it('is small, and has every key in every form on every target', () => {
    expect(ROWS.length).toBeLessThanOrEqual(MAX_ROWS);
    const triples = new Set(ROWS.map(({ key, form, target }) => `${key} ${form} ${target}`));
    expect(triples.size).toBe(KEYS.length * ALL_FORMS.length * TARGETS.length);
    process.stdout.write(
      `${ROWS.length} of ${PRODUCT.length} combinations, every triple among them\n`,
    );
  });

  it.each(ROWS)(
    'our verdict is cosign’s: $key, $form, $target, annotated $annotated, attested $attested, $host',
    async (row) => {
      const { key, form } = parts(row);
      const { repository, digest, index } = await world.pushIndex(world.hosts[row.host]);
      const signed = `${repository}@${row.target === 'image' ? digest : index}`;
      const annotation = row.annotated ? ['-a', 'env=prod'] : [];
      const recursive = row.target === 'recursive' ? ['--recursive'] : [];
      await world.sign(form, row.key, signed, ...annotation, ...recursive);
      if (row.attested) await attest(row, signed);

      const claims = row.annotated ? { annotations: { env: 'prod' } } : {};
      const attestations = [
        { predicateType: SLSA, where: { 'buildDefinition.buildType': BUILD_TYPE } },
      ];
      const signature = await world.policyFor(row.key, claims);
      const provenance = await world.policyFor(row.key, { ...claims, attestations });
      const experiment = form.signs === undefined ? [] : ['--experimental-oci11'];
      const flags = [...key.verifyFlags, ...annotation, ...experiment];
      // Cosign 2.6 loses the annotations of a bundle, and then both refuse.
      const isLost = row.annotated && form.form === 'cosign 2, bundle';
      const wholes: boolean[] = [];
      for (const one of [digest, index]) {
        const reference = `${repository}@${one}`;
        const isTarget =
          row.target === 'recursive' || (row.target === 'image') === (one === digest);
        const isAttested = row.attested && signed.endsWith(one);
        const ours = await world.verdictOf({ repository, digest: one }, signature);
        const verified = ours.status === 'verified';
        expect([one, verified]).toEqual([one, isTarget && !isLost]);
        const theirs = await world.cosignVerifies(row.key, reference, ...flags);
        figures.count(verified, theirs, `${row.key} signatures`);
        expect([one, theirs]).toEqual([one, verified && key.cosignVerifies.signatures]);

        const both = await world.verdictOf({ repository, digest: one }, provenance);
        expect([one, both.status === 'verified']).toEqual([one, verified && isAttested]);
        const attested = await cosignVerifiesAttestation(row, reference);
        // Ours asks for a signature beside the attestation.
        if (verified) {
          figures.count(both.status === 'verified', attested, `${row.key} attestations`);
        }
        expect([one, attested]).toEqual([one, isAttested && key.cosignVerifies.attestations]);
        wholes.push(verified);
      }
      const whole = await world.verdictOf({ repository, digest, index }, signature);
      expect(whole.status === 'verified').toBe(wholes.includes(true));
    },
  );
});

describe('the figures', () => {
  it('have no acceptance that cosign refuses, but where it refuses what it signed', () => {
    const documented = ['ed25519 signatures', 'ed25519 attestations'];
    const unsaid = ['p384 attestations', 'p521 attestations'];
    expect(figures.acceptedAlone([...documented, ...unsaid])).toBe(0);
  });
});

describe('a key that cosign would not take', () => {
  it.each([
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }), 'weak-key'],
    ['P-224', generateKeyPairSync('ec', { namedCurve: 'P-224' }), 'unsupported-algorithm'],
  ] as const)('is refused here as well: %s', async (_, { publicKey, privateKey }, reason) => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(world.folder, 'refused.pem'), pem);
    const args = ['import-key-pair', '--key=refused.pem', '--output-key-prefix=refused'];
    const { code } = await world.attempt('cosign3', args);
    const spki = publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(join(world.folder, `${reason}.pub`), spki);
    const { repository, digest } = await world.pushIndex();
    await world.sign(FORMS[3], 'release', `${repository}@${digest}`);
    const verdict = await world.verdictOf({ repository, digest }, await world.policyFor(reason));
    expect(verdict).toEqual({ status: 'untrusted', reasons: [reason] });
    expect(code).not.toBe(0);
  });
});
