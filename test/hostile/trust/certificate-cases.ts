import {
  createHostileAuthority,
  SERVER_AUTH,
  textExtension,
} from '#test/fixtures/sigstore/hostile-authority.ts';
import { keylessAuthority, keylessPolicy, policyOf } from '#test/fixtures/sigstore/policies.ts';
import {
  createKeys,
  createPrivateSigstore,
  ISSUER,
  SUBJECT,
  trustAuthority,
} from '#test/fixtures/sigstore/private-sigstore.ts';
import { pemOf } from '#test/fixtures/sigstore/log-bodies.ts';
import { keylessBundle, legacyAnnotations } from '#test/fixtures/sigstore/sign-keyless.ts';

import {
  goodBundle,
  goodLayer,
  HOUR_MS,
  type KeylessCase,
  type KeylessWorld,
  PAYLOAD,
  withAnnotation,
  withLeaf,
  withMaterial,
} from './keyless-world.ts';
import { VICTIM } from './world.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';
const REPOSITORY_CLAIM = `${FULCIO}.12`;

/** A bundle by someone whom the trusted authority has certified under `subject`. */
function bySubject(subject: string, pattern: string): KeylessCase['arrange'] {
  return async ({ sigstore }) => {
    const signer = await sigstore.certify(subject);
    return {
      bundles: [await keylessBundle(sigstore, signer, VICTIM)],
      policy: (root) => keylessPolicy(root, { subject: { pattern } }),
    };
  };
}

async function bySelfMade(world: KeylessWorld, name?: string) {
  const own = await createHostileAuthority(world.sigstore, name === undefined ? {} : { name });
  return { own, signer: await own.issue() };
}

/** Whose certificate it is, who issued it, and for what. */
export const CERTIFICATE_CASES: readonly KeylessCase[] = [
  {
    fact: 0,
    name: 'nothing at all',
    advisory: 'the cases below differ from this in one thing',
    arrange: withLeaf({}),
    expected: 'verified',
  },
  ...(
    [
      ['a longer organisation', 'https://github.com/acme-evil/x', '^https://github\\.com/acme'],
      ['a longer host', 'https://evil.example/https://github.com/acme/x', 'github\\.com/acme/.*'],
      ['a suffix', `${SUBJECT}/evil`, '^https://ci\\.example/acme/configs/release@refs/heads/main'],
      [
        'an alternative',
        'https://evil.example/a',
        '^https://ci\\.example/a$|^https://ci\\.example/b',
      ],
      ['a line before', `https://evil.example/%0A${SUBJECT}`, '(?m)^https://ci\\.example/.*$'],
    ] as const
  ).map(
    ([what, subject, pattern]): KeylessCase => ({
      fact: 16,
      name: `a subject that a pattern without anchors would match: ${what}`,
      advisory: 'identity patterns match a part',
      arrange: bySubject(subject, pattern),
      expected: 'wrong-identity',
    }),
  ),
  ...(
    [
      ['subject', { subject: { exact: `${SUBJECT}x` } }, 'wrong-identity'],
      ['subjectRegExp', { subject: { pattern: '^https://ci\\.example/none$' } }, 'wrong-identity'],
      ['issuer', { issuer: `${ISSUER}.evil` }, 'wrong-issuer'],
      ['claims', { claims: { [REPOSITORY_CLAIM]: 'https://x.example/a' } }, 'wrong-identity'],
      ['annotations', { annotations: { env: 'prod' } }, 'missing-claim'],
    ] as const
  ).map(
    ([field, parts, expected]): KeylessCase => ({
      fact: 17,
      name: `a policy whose ${field} is of another`,
      advisory: 'CVE-2025-29778, CVE-2026-48815, kyverno#16267',
      arrange: async (world) => ({
        bundles: [await goodBundle(world)],
        policy: (root) => keylessPolicy(root, parts),
      }),
      expected,
    }),
  ),
  {
    fact: 17,
    name: 'a claim that the certificate has, with another value',
    advisory: 'CVE-2026-48815',
    arrange: withLeaf(
      { extensions: [textExtension(REPOSITORY_CLAIM, 'https://github.com/acme/configs-evil')] },
      { claims: { [REPOSITORY_CLAIM]: 'https://github.com/acme/configs' } },
    ),
    expected: 'wrong-identity',
  },
  {
    fact: 17,
    name: 'a claim that the certificate has',
    advisory: 'the one before differs from this in its value',
    arrange: withLeaf(
      { extensions: [textExtension(REPOSITORY_CLAIM, 'https://github.com/acme/configs')] },
      { claims: { [REPOSITORY_CLAIM]: 'https://github.com/acme/configs' } },
    ),
    expected: 'verified',
  },
  {
    fact: 17,
    name: 'only a legacy signature where the policy asks for bundles',
    advisory: 'CVE-2025-29778',
    arrange: async (world) => ({
      layers: [await goodLayer(world)],
      policy: (root) => policyOf([keylessAuthority(root)], { format: 'bundle' }),
    }),
    expected: 'wrong-format',
  },
  {
    fact: 14,
    name: 'two names for one identity where two authorities are required',
    advisory: 'Connaisseur threshold counts signatures',
    arrange: async (world) => ({
      bundles: [await goodBundle(world), await goodBundle(world, { log: 2 })],
      policy: (root) => policyOf([keylessAuthority(root), keylessAuthority(root, { name: 'b' })]),
    }),
    expected: 'wrong-key',
  },
  {
    fact: 18,
    name: 'the right subject by another issuer',
    advisory: 'identity without its issuer',
    arrange: async ({ sigstore }) => {
      const signer = await sigstore.certify(SUBJECT, 'https://issuer.evil.example');
      return { bundles: [await keylessBundle(sigstore, signer, VICTIM)] };
    },
    expected: 'wrong-issuer',
  },
  ...(
    [
      [
        'two issuers',
        [
          [`${FULCIO}.1`, ISSUER],
          [`${FULCIO}.8`, 'https://evil.example'],
        ],
      ],
      [
        'two issuers, the second right',
        [
          [`${FULCIO}.1`, 'https://evil.example'],
          [`${FULCIO}.8`, ISSUER],
        ],
      ],
      ['no issuer', []],
    ] as const
  ).map(
    ([what, issuers]): KeylessCase => ({
      fact: 18,
      name: `a certificate with ${what}`,
      advisory: 'two generations of one extension',
      arrange: withLeaf({ issuers }),
      expected: 'wrong-issuer',
    }),
  ),
  ...[`${FULCIO}.1`, `${FULCIO}.8`].map(
    (oid): KeylessCase => ({
      fact: 18,
      name: `a certificate with its issuer in ${oid} alone`,
      advisory: 'the ones before differ from this in the other',
      arrange: withLeaf({ issuers: [[oid, ISSUER]] }),
      expected: 'verified',
    }),
  ),
  {
    fact: 19,
    name: 'a subject that makes a backtracking pattern run for ever',
    advisory: 'Connaisseur ReDoS',
    arrange: bySubject(`https://ci.example/${'a'.repeat(120)}!`, '^https://ci\\.example/(a+)+$'),
    expected: 'wrong-identity',
  },
  {
    fact: 20,
    name: 'a certificate by an authority of the attacker, its chain in the annotation',
    advisory: 'chain taken from the signature',
    arrange: async (world) => {
      const { own, signer } = await bySelfMade(world);
      const layer = await legacyAnnotations(world.sigstore, signer, PAYLOAD, { stamped: true });
      const chain = pemOf({ ...signer, certificate: own.root });
      return { layers: [{ ...layer, 'dev.sigstore.cosign/chain': chain }] };
    },
    expected: 'untrusted-root',
  },
  {
    fact: 20,
    name: 'a certificate by an authority of the attacker, its chain in the bundle',
    advisory: 'chain taken from the signature',
    arrange: async (world) => {
      const { own, signer } = await bySelfMade(world);
      const bundle = await keylessBundle(world.sigstore, signer, VICTIM);
      const { certificate: leaf, ...material } = bundle.verificationMaterial;
      const certificates = [leaf, { rawBytes: own.root.toString('base64') }];
      return {
        bundles: [
          {
            ...bundle,
            mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
            verificationMaterial: { ...material, x509CertificateChain: { certificates } },
          },
        ],
      };
    },
    expected: 'untrusted-root',
  },
  {
    fact: 20,
    name: 'a certificate by an authority of the attacker with the name of the trusted one',
    advisory: 'issuer found by its name',
    arrange: async (world) => {
      const { signer } = await bySelfMade(world, 'CN=sigstore,O=sigstore.mock');
      return { bundles: [await keylessBundle(world.sigstore, signer, VICTIM)] };
    },
    expected: 'untrusted-root',
  },
  {
    fact: 20,
    name: 'a certificate by another sigstore',
    advisory: 'roots of all policies taken together',
    arrange: async ({ sigstore, late }) => {
      const signer = await late.certify();
      return { bundles: [await keylessBundle(sigstore, signer, VICTIM)] };
    },
    expected: 'untrusted-root',
  },
  ...(
    [
      ['exact and pattern', { subject: { pattern: `^${SUBJECT.replaceAll('.', '\\.')}$` } }],
      ['one claim more', { claims: { '1.3.6.1.4.1.57264.1.8': ISSUER } }],
      ['another root with the same authorities', {}],
    ] as const
  ).map(
    ([what, parts]): KeylessCase => ({
      fact: 14,
      name: `two rules, one signer, where two are required: ${what}`,
      advisory: 'rules counted in place of signers',
      arrange: async (world) => ({
        // A key of its own each time, as Fulcio's signers have: the identity is what is counted.
        bundles: [
          await goodBundle(world),
          await keylessBundle(world.sigstore, await world.sigstore.certify(), VICTIM),
        ],
        policy: (root) =>
          policyOf([
            keylessAuthority(root),
            keylessAuthority(`${root} `, { ...parts, name: 'again' }),
          ]),
      }),
      expected: 'wrong-key',
    }),
  ),
  {
    fact: 20,
    name: 'the certificate of the authority itself',
    advisory: 'a root signs for itself',
    arrange: async (world) => {
      const bundle = await goodBundle(world);
      const rawBytes = world.hostile.root.toString('base64');
      return { bundles: [withMaterial(bundle, { certificate: { rawBytes } })] };
    },
    expected: 'wrong-key-usage',
  },
  {
    fact: 21,
    name: 'an authority that had expired when the log says this was signed',
    advisory: 'CVE-2026-24122',
    arrange: async (world) => {
      const own = await createHostileAuthority(world.sigstore, { validForMs: HOUR_MS / 2 });
      const signer = await own.issue({ validForMs: 2 * HOUR_MS });
      const { tlogs } = world.sigstore.parts;
      const bundle = await keylessBundle(world.sigstore, signer, VICTIM, {
        rekor: world.late.rekor1,
      });
      const { certificateAuthorities } = world.sigstore.parts;
      return {
        bundles: [bundle],
        root: world.sigstore.root({
          tlogs: [...tlogs, ...world.late.parts.tlogs],
          certificateAuthorities: [...certificateAuthorities, trustAuthority(own.root)],
        }),
      };
    },
    expected: 'certificate-expired',
  },
  ...(
    [
      ['for web servers only', { usages: [SERVER_AUTH] }],
      ['for anything', { usages: ['2.5.29.37.0'] }],
      ['for nothing that it names', { usages: [] }],
      ['for an authority', { ca: true }],
    ] as const
  ).map(
    ([what, leaf]): KeylessCase => ({
      fact: 21,
      name: `a certificate ${what}`,
      advisory: 'sigstore-js does not look at the usage',
      arrange: withLeaf(leaf),
      expected: 'wrong-key-usage',
    }),
  ),
  {
    fact: 24,
    name: 'a certificate that was never logged',
    advisory: 'SCT left out',
    arrange: withLeaf({ ctLog: 'none' }),
    expected: 'missing-sct',
  },
  {
    fact: 24,
    name: 'a certificate logged in the certificate log of another sigstore',
    advisory: 'SCT of a foreign log',
    arrange: withLeaf(async ({ late }) => ({ ctLog: late.ctLog })),
    expected: 'missing-sct',
  },
  {
    fact: 24,
    name: 'a certificate with the SCT of another one',
    advisory: 'SCT not over this certificate',
    arrange: withLeaf(async ({ sigstore, hostile }) => {
      const other = await hostile.issue({ names: [{ type: 'url', value: 'https://x.example' }] });
      const sct = await sigstore.ctLog.log(
        new Uint8Array(other.certificate ?? []).buffer,
        new ArrayBuffer(32),
      );
      return { ctLog: { ...sigstore.ctLog, log: async () => sct } };
    }),
    expected: 'missing-sct',
  },
  {
    fact: 24,
    name: 'a certificate log that was not in use any more',
    advisory: 'SCT outside the period of its log',
    arrange: async (world) => {
      const [log] = world.sigstore.parts.ctlogs;
      if (log === undefined) throw new Error('there is a log');
      const validFor = { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' };
      const ctlogs = [{ ...log, publicKey: { ...log.publicKey, validFor } }];
      return { bundles: [await goodBundle(world)], root: world.sigstore.root({ ctlogs }) };
    },
    expected: 'missing-sct',
  },
  {
    fact: 26,
    name: 'a bundle by a key where the policy names an identity',
    advisory: 'swapped verification material',
    arrange: async ({ sigstore }) => {
      const signer = { ...createKeys(), certificate: undefined };
      return { bundles: [await keylessBundle(sigstore, signer, VICTIM)] };
    },
    expected: 'wrong-identity',
  },
  {
    fact: 26,
    name: 'a legacy signature by a key where the policy names an identity',
    advisory: 'swapped verification material',
    arrange: async ({ sigstore }) => {
      const signer = { ...createKeys(), certificate: undefined };
      return { layers: [await legacyAnnotations(sigstore, signer, PAYLOAD)] };
    },
    expected: 'wrong-identity',
  },
  {
    fact: 26,
    name: "the right signer's certificate over a signature of the attacker",
    advisory: 'swapped verification material',
    arrange: async ({ sigstore, signer }) => {
      const { privateKey } = createKeys();
      return { bundles: [await keylessBundle(sigstore, { ...signer, privateKey }, VICTIM)] };
    },
    expected: 'bad-signature',
  },
  ...(
    [
      ['junk', () => 'junk'],
      ['two certificates', (pem: string) => pem + pem],
      ['text before it', (pem: string) => `Subject: me\n${pem}`],
      ['a key', (pem: string) => pem.replaceAll('CERTIFICATE', 'PUBLIC KEY')],
      ['another block', (pem: string) => pem.replaceAll('CERTIFICATE', 'X509 CRL')],
    ] as const
  ).map(
    ([what, edit]): KeylessCase => ({
      fact: 29,
      name: `a certificate annotation that is or has ${what}`,
      advisory: 'lenient PEM',
      arrange: withAnnotation('certificate', edit),
      expected: 'malformed',
    }),
  ),
  ...(
    [
      ['junk', () => Buffer.from('junk')],
      ['cut short', (der: Buffer) => der.subarray(0, -5)],
      ['followed by a byte', (der: Buffer) => Buffer.concat([der, Buffer.from([0])])],
      [
        'PEM',
        (der: Buffer) =>
          Buffer.from(
            `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
          ),
      ],
      [
        'with its length spelt in five bytes',
        (der: Buffer) => Buffer.concat([Buffer.from([0x30, 0x84, 0, 0]), der.subarray(2)]),
      ],
    ] as const
  ).map(
    ([what, edit]): KeylessCase => ({
      fact: 29,
      name: `a certificate in a bundle that is ${what}`,
      advisory: 'lenient DER',
      arrange: async (world) => {
        const bundle = await goodBundle(world);
        const der = edit(world.signer.certificate ?? Buffer.alloc(0));
        const certificate = { rawBytes: der.toString('base64') };
        return { bundles: [withMaterial(bundle, { certificate })] };
      },
      expected: 'malformed',
    }),
  ),
  {
    fact: 30,
    name: 'a certificate with its issuer twice',
    advisory: 'two readers, two certificates',
    arrange: withLeaf({
      issuers: [[`${FULCIO}.8`, ISSUER]],
      extensions: [textExtension(`${FULCIO}.8`, 'https://evil.example')],
    }),
    expected: 'malformed',
  },
  {
    fact: 30,
    name: 'a certificate whose subject differs in the highest bit of one byte',
    advisory: 'sigstore-js reads ASCII by dropping it',
    arrange: async (world) => {
      const der = world.signer.certificate ?? Buffer.alloc(0);
      const at = der.indexOf('ci.example');
      const spoilt = Buffer.from(der);
      spoilt[at] = (spoilt[at] ?? 0) | 0x80;
      const certificate = { rawBytes: spoilt.toString('base64') };
      return { bundles: [withMaterial(await goodBundle(world), { certificate })] };
    },
    expected: 'wrong-identity',
  },
  {
    fact: 30,
    name: 'a certificate with no name',
    advisory: 'undefined matches undefined',
    arrange: withLeaf({ names: [{ type: 'dns', value: 'ci.example' }] }),
    expected: 'wrong-identity',
  },
  {
    fact: 32,
    name: 'junk of every sort beside a good bundle',
    advisory: 'one bad candidate fails the rest',
    arrange: async (world) => {
      const { signer } = await bySelfMade(world);
      const other = await createPrivateSigstore();
      return {
        bundles: [
          'junk',
          await keylessBundle(world.sigstore, signer, VICTIM),
          await keylessBundle(other, await other.certify(), VICTIM),
          await keylessBundle(world.sigstore, world.stranger, VICTIM),
          await goodBundle(world),
        ],
      };
    },
    expected: 'verified',
  },
];
