import * as x509 from '@peculiar/x509';

import type { CertificateAuthority } from '#shared/core/policy.ts';
import { SERVER_AUTH } from '#test/fixtures/sigstore/hostile-authority.ts';
import {
  certifyByPki,
  chainPem,
  createPkiAuthority,
  type PkiAuthority,
  type PkiLeaf,
  type PkiParts,
} from '#test/fixtures/sigstore/own-pki.ts';
import { loggedKeyPolicy, policyOf } from '#test/fixtures/sigstore/policies.ts';
import {
  keylessBundle,
  legacyAnnotations,
  type ProofParts,
} from '#test/fixtures/sigstore/sign-keyless.ts';

import { type KeylessCase, type KeylessWorld, PAYLOAD } from './keyless-world.ts';
import { OTHER, VICTIM } from './world.ts';

const BUNDLE_CHAIN = 'a chain of one’s own PKI';
/** RFC 5280, section 4.2.1.10: permitted, the DNS names of acme.example. */
const NAME_CONSTRAINTS = new Uint8Array([
  0x30,
  0x12,
  0xa0,
  0x10,
  0x30,
  0x0e,
  0x82,
  0x0c,
  ...Buffer.from('acme.example'),
]).buffer;
const STAMPED: ProofParts = { log: 'none', stamped: true };

interface PkiCase {
  readonly leaf?: PkiLeaf;
  readonly intermediate?: PkiParts | 'none';
  readonly root?: PkiParts;
  readonly proof?: ProofParts;
  readonly authority?: Partial<CertificateAuthority>;
  /** What the signature brings along. */
  readonly attach?: (chain: { root: PkiAuthority; issuer: PkiAuthority }) => readonly Buffer[];
  /** What the policy names as roots; absent: the root alone. */
  readonly roots?: (chain: { root: PkiAuthority; issuer: PkiAuthority }) => string;
  readonly digest?: string;
  readonly legacy?: boolean;
  readonly services?: (world: KeylessWorld) => string;
}

function arrange(parts: PkiCase): KeylessCase['arrange'] {
  return async (world) => {
    const { sigstore } = world;
    const root = await createPkiAuthority(sigstore.now, parts.root);
    const { intermediate = {} } = parts;
    const issuer =
      intermediate === 'none'
        ? root
        : await createPkiAuthority(sigstore.now, { name: 'CN=issuing', by: root, ...intermediate });
    const signer = await certifyByPki(issuer, parts.leaf);
    const { attach = () => (issuer === root ? [] : [issuer.certificate]) } = parts;
    const attached = attach({ root, issuer });
    const policy = () =>
      policyOf([
        {
          type: 'certificate',
          name: 'release',
          roots: parts.roots?.({ root, issuer }) ?? chainPem(root.certificate),
          subject: { exact: 'release@acme.example' },
          transparencyLog: 'timestamp',
          annotations: {},
          trustedRoot: { json: parts.services?.(world) ?? sigstore.root() },
          ...parts.authority,
        },
      ]);
    const proof = parts.proof ?? STAMPED;
    if (parts.legacy === true) {
      const layer = await legacyAnnotations(sigstore, signer, PAYLOAD, proof);
      const chain =
        attached.length === 0 ? {} : { 'dev.sigstore.cosign/chain': chainPem(...attached) };
      return { layers: [{ ...layer, ...chain }], policy };
    }
    const bundle = await keylessBundle(sigstore, signer, parts.digest ?? VICTIM, proof);
    const { certificate, ...material } = bundle.verificationMaterial;
    const certificates = [
      certificate,
      ...attached.map((der) => ({ rawBytes: der.toString('base64') })),
    ];
    const verificationMaterial = { ...material, x509CertificateChain: { certificates } };
    return {
      bundles: [attached.length === 0 ? bundle : { ...bundle, verificationMaterial }],
      policy,
    };
  };
}

const CASES: readonly (readonly [string, PkiCase, KeylessCase['expected']])[] = [
  ['a leaf with its chain in the bundle, stamped', {}, 'verified'],
  ['a leaf with its chain in the annotations, stamped', { legacy: true }, 'verified'],
  ['a leaf of the root itself', { intermediate: 'none' }, 'verified'],
  [
    'intermediates in the policy',
    {
      attach: () => [],
      roots: ({ root, issuer }) => chainPem(issuer.certificate, root.certificate),
    },
    'verified',
  ],
  ['a log entry in place of the stamp', { proof: { log: 1 } }, 'verified'],
  [
    'a log entry where one is required',
    { proof: { log: 1 }, authority: { transparencyLog: 'require' } },
    'verified',
  ],
  [
    'a DNS name',
    {
      leaf: { names: [{ type: 'dns', value: 'ci.acme.example' }] },
      authority: { subject: { exact: 'ci.acme.example' } },
    },
    'verified',
  ],
  ['a pattern', { authority: { subject: { pattern: '^[a-z]+@acme\\.example$' } } }, 'verified'],
  [
    'no time, and a certificate that is in use now',
    { proof: { log: 'none' }, authority: { transparencyLog: 'ignore' } },
    'verified',
  ],
  ['no time', { proof: { log: 'none' } }, 'missing-timestamp'],
  ['no time, in the annotations', { proof: { log: 'none' }, legacy: true }, 'missing-timestamp'],
  [
    'a stamp where a log entry is required',
    { authority: { transparencyLog: 'require' } },
    'missing-log-entry',
  ],
  [
    'a stamp of an authority that is not trusted',
    { services: ({ sigstore }) => sigstore.root({ timestampAuthorities: [] }) },
    'missing-timestamp',
  ],
  [
    'another name',
    { leaf: { names: [{ type: 'email', value: 'me@acme.example' }] } },
    'wrong-identity',
  ],
  [
    'a longer name',
    {
      leaf: { names: [{ type: 'email', value: 'release@acme.example.evil' }] },
      authority: { subject: { pattern: '^release@acme\\.example$' } },
    },
    'wrong-identity',
  ],
  ['a certificate of a web server', { leaf: { usages: [SERVER_AUTH] } }, 'wrong-key-usage'],
  ['a certificate without a usage', { leaf: { usages: [] } }, 'wrong-key-usage'],
  [
    'a critical extension that is not read',
    { leaf: { extensions: [new x509.Extension('1.2.3.4', true, new ArrayBuffer(2))] } },
    'malformed',
  ],
  ['no intermediate', { attach: () => [] }, 'untrusted-root'],
  ['an intermediate that is no authority', { intermediate: { ca: false } }, 'untrusted-root'],
  [
    'an intermediate for web servers',
    { intermediate: { usages: [SERVER_AUTH] } },
    'untrusted-root',
  ],
  [
    'an intermediate with constraints of names',
    { intermediate: { extensions: [new x509.Extension('2.5.29.30', false, NAME_CONSTRAINTS)] } },
    'untrusted-root',
  ],
  ['a root that may certify no authority', { root: { pathLength: 0 } }, 'untrusted-root'],
  [
    'an intermediate that had expired',
    { intermediate: { validForMs: -1000 } },
    'certificate-expired',
  ],
  ['a leaf that had expired', { leaf: { validForMs: -1000 } }, 'certificate-expired'],
  [
    'a leaf that has expired, without a time',
    {
      leaf: { validForMs: -1000 },
      proof: { log: 'none' },
      authority: { transparencyLog: 'ignore' },
    },
    'certificate-expired',
  ],
  ['the statement of another image', { digest: OTHER }, 'digest-mismatch'],
];

/** Signers of one's own PKI, and stamps in place of the log. */
export const PKI_CASES: readonly KeylessCase[] = [
  ...CASES.map(([name, parts, expected]) => ({
    fact: 20,
    name: `${BUNDLE_CHAIN}: ${name}`,
    advisory: 'cosign verify --certificate-chain',
    arrange: arrange(parts),
    expected,
  })),
  {
    fact: 20,
    name: `${BUNDLE_CHAIN}: a root of the attacker in the chain`,
    advisory: 'chain taken from the signature',
    arrange: async (world) => {
      const evil = await createPkiAuthority(world.sigstore.now);
      const attack = await arrange({ attach: () => [evil.certificate] })(world);
      const signer = await certifyByPki(evil);
      const bundle = await keylessBundle(world.sigstore, signer, VICTIM, STAMPED);
      const { certificate, ...material } = bundle.verificationMaterial;
      const certificates = [certificate, { rawBytes: evil.certificate.toString('base64') }];
      const verificationMaterial = { ...material, x509CertificateChain: { certificates } };
      return { ...attack, bundles: [{ ...bundle, verificationMaterial }] };
    },
    expected: 'untrusted-root',
  },
  {
    fact: 26,
    name: `${BUNDLE_CHAIN}, under the key that it certifies: cosign verify --key refuses it too`,
    advisory: 'expected key signature, not certificate (sigstore-go)',
    arrange: async (world) => {
      const root = await createPkiAuthority(world.sigstore.now);
      const signer = await certifyByPki(root);
      const bundle = await keylessBundle(world.sigstore, signer, VICTIM, STAMPED);
      const { certificate, ...material } = bundle.verificationMaterial;
      const certificates = [certificate, { rawBytes: root.certificate.toString('base64') }];
      return {
        bundles: [
          {
            ...bundle,
            verificationMaterial: { ...material, x509CertificateChain: { certificates } },
          },
        ],
        policy: (text) => loggedKeyPolicy(text, signer.publicKey, 'ignore'),
      };
    },
    expected: 'wrong-key',
  },
];
