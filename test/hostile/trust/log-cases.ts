import {
  dsse1,
  dsse2,
  hashedRekord1,
  hashedRekord2,
  intoto2,
  type LoggedSignature,
} from '#test/fixtures/sigstore/log-bodies.ts';
import { loggedKeyPolicy } from '#test/fixtures/sigstore/policies.ts';
import { createKeys, type Signer } from '#test/fixtures/sigstore/private-sigstore.ts';
import {
  type EntryJson,
  keylessBundle,
  legacyAnnotations,
} from '#test/fixtures/sigstore/sign-keyless.ts';

import {
  editJson,
  goodBundle,
  goodLayer,
  type KeylessCase,
  PAYLOAD,
  withAnnotation,
  withEntries,
  withEntry,
  withMaterial,
} from './keyless-world.ts';
import { OTHER, VICTIM } from './world.ts';

type Body = (signed: LoggedSignature, signer: Signer) => object;

const BODIES: readonly (readonly [kind: string, log: 1 | 2, body: Body])[] = [
  ['hashedrekord 0.0.1', 1, hashedRekord1],
  ['dsse 0.0.1', 1, dsse1],
  ['intoto 0.0.2', 1, intoto2],
  ['hashedrekord 0.0.2', 2, hashedRekord2],
  ['dsse 0.0.2', 2, dsse2],
];

function editProof(
  edit: (proof: EntryJson['inclusionProof']) => object,
): (entry: EntryJson) => object {
  return (entry) => ({
    ...entry,
    inclusionProof: { ...entry.inclusionProof, ...edit(entry.inclusionProof) },
  });
}

function editCheckpoint(edit: (envelope: string) => string): (entry: EntryJson) => object {
  return editProof(({ checkpoint }) => ({ checkpoint: { envelope: edit(checkpoint.envelope) } }));
}

/** What the logs hold, and what is said of it. */
export const LOG_CASES: readonly KeylessCase[] = [
  ...BODIES.map(
    ([kind, log, body]): KeylessCase => ({
      fact: 0,
      name: `nothing but an entry of ${kind}`,
      advisory: 'the cases below differ from this in one thing',
      arrange: async (world) => ({ bundles: [await goodBundle(world, { log, body })] }),
      expected: 'verified',
    }),
  ),
  ...BODIES.flatMap(([kind, log, body]): readonly KeylessCase[] => [
    {
      fact: 3,
      name: `an entry of ${kind} for another signature`,
      advisory: 'CVE-2022-36056, CVE-2026-22703',
      arrange: async (world) => ({
        bundles: [
          await goodBundle(world, {
            log,
            body: (signed, signer) =>
              body({ ...signed, signature: Buffer.from(signed.signature).fill(1, 8) }, signer),
          }),
        ],
      }),
      expected: 'log-mismatch',
    },
    {
      fact: 3,
      name: `an entry of ${kind} for another artifact`,
      advisory: 'CVE-2022-23649',
      arrange: async (world) => ({
        bundles: [
          await goodBundle(world, {
            log,
            body: (signed, signer) => {
              const bytes = Buffer.from('another artifact');
              return body({ ...signed, payload: bytes, signedBytes: bytes }, signer);
            },
          }),
        ],
      }),
      expected: 'log-mismatch',
    },
    {
      fact: 4,
      name: `an entry of ${kind} by another certificate`,
      advisory: 'GHSA-fx35-mq7g-6g98',
      arrange: async (world) => ({
        bundles: [await goodBundle(world, { log, body: (signed) => body(signed, world.stranger) })],
      }),
      expected: 'log-mismatch',
    },
    {
      fact: 4,
      name: `an entry of ${kind} by the bare key, hiding the identity`,
      advisory: 'GHSA-fx35-mq7g-6g98',
      arrange: async (world) => ({
        bundles: [
          await goodBundle(world, {
            log,
            body: (signed, signer) => body(signed, { ...signer, certificate: undefined }),
          }),
        ],
      }),
      expected: 'log-mismatch',
    },
    {
      fact: 4,
      name: `an entry of ${kind} by another key, where a key must be logged`,
      advisory: 'GHSA-fx35-mq7g-6g98',
      arrange: async ({ sigstore }) => {
        const signer = { ...createKeys(), certificate: undefined };
        const other = { ...createKeys(), certificate: undefined };
        const parts = { log, body: (signed: LoggedSignature) => body(signed, other) };
        return {
          bundles: [await keylessBundle(sigstore, signer, VICTIM, parts)],
          policy: (root) => loggedKeyPolicy(root, signer.publicKey),
        };
      },
      expected: 'log-mismatch',
    },
  ]),
  {
    fact: 3,
    name: 'the entry of another good bundle',
    advisory: 'CVE-2022-36056',
    arrange: async (world) => {
      const other = await keylessBundle(world.sigstore, world.signer, OTHER);
      const { tlogEntries } = other.verificationMaterial;
      return { bundles: [withMaterial(await goodBundle(world), { tlogEntries })] };
    },
    expected: 'log-mismatch',
  },
  {
    fact: 3,
    name: 'the entry of another good legacy signature',
    advisory: 'CVE-2022-23649',
    arrange: async (world) => {
      const { sigstore, signer } = world;
      const other = await legacyAnnotations(sigstore, signer, Buffer.from('other'));
      const name = 'dev.sigstore.cosign/bundle';
      return { layers: [{ ...(await goodLayer(world)), [name]: other[name] ?? '' }] };
    },
    expected: 'log-mismatch',
  },
  {
    fact: 4,
    name: 'a legacy signature whose entry is by another key, where a key must be logged',
    advisory: 'CVE-2026-22703',
    arrange: async ({ sigstore }) => {
      const signer = { ...createKeys(), certificate: undefined };
      const other = { ...createKeys(), certificate: undefined };
      const body = (signed: LoggedSignature): object => hashedRekord1(signed, other);
      return {
        layers: [await legacyAnnotations(sigstore, signer, PAYLOAD, { body })],
        policy: (root) => loggedKeyPolicy(root, signer.publicKey),
      };
    },
    expected: 'log-mismatch',
  },
  {
    fact: 5,
    name: 'a bundle whose entry says that it is a second younger',
    advisory: 'CVE-2022-36056',
    arrange: withEntry({}, (entry) => ({
      ...entry,
      integratedTime: String(Number(entry.integratedTime) + 1),
    })),
    expected: 'log-mismatch',
  },
  {
    fact: 5,
    name: 'a legacy signature whose entry says that it is a second younger',
    advisory: 'CVE-2022-36056',
    arrange: withAnnotation('bundle', (text) =>
      text.replace(/"integratedTime":(\d+)/, (_, time) => `"integratedTime":${Number(time) + 1}`),
    ),
    expected: 'log-mismatch',
  },
  {
    fact: 5,
    name: 'an invalid promise beside a valid inclusion proof and a stamp',
    advisory: 'CVE-2022-36056',
    arrange: withEntry({ stamped: true }, (entry) => ({
      ...entry,
      inclusionPromise: { signedEntryTimestamp: Buffer.from('none').toString('base64') },
    })),
    expected: 'log-mismatch',
  },
  {
    fact: 5,
    name: 'an invalid inclusion proof beside a valid promise',
    advisory: 'CVE-2022-36056',
    arrange: withEntry(
      {},
      editProof(() => ({ hashes: [Buffer.alloc(32).toString('base64')] })),
    ),
    expected: 'log-mismatch',
  },
  ...(
    [
      [
        'signed by no key',
        (text: string) => text.replace(/(\n\n\u2014 \S+ )\S+/, '$1AAAAAAAAAAAA'),
      ],
      ['with another origin', (text: string) => `evil${text}`],
      ['with a line added', (text: string) => text.replace('\n\n', '\nmore\n\n')],
    ] as const
  ).map(
    ([what, edit]): KeylessCase => ({
      fact: 5,
      name: `a checkpoint ${what}`,
      advisory: 'checkpoint of anyone',
      arrange: withEntry({ log: 2 }, editCheckpoint(edit)),
      expected: 'log-mismatch',
    }),
  ),
  {
    fact: 5,
    name: 'a checkpoint of another tree, properly signed',
    advisory: 'root hash of the proof taken for that of the checkpoint',
    arrange: async (world) => {
      const bundle = await goodBundle(world, { log: 2 });
      const other = await keylessBundle(world.sigstore, world.signer, OTHER, { log: 2 });
      const [foreign] = other.verificationMaterial.tlogEntries;
      const tlogEntries = bundle.verificationMaterial.tlogEntries.map(
        editProof(() => ({ checkpoint: foreign?.inclusionProof.checkpoint })),
      );
      return { bundles: [withMaterial(bundle, { tlogEntries })] };
    },
    expected: 'log-mismatch',
  },
  ...(
    [
      ['root hash', () => ({ rootHash: Buffer.alloc(32).toString('base64') })],
      ['tree size', () => ({ treeSize: '2' })],
    ] as const
  ).map(
    ([what, edit]): KeylessCase => ({
      fact: 5,
      name: `an inclusion proof with another ${what} than its checkpoint`,
      advisory: 'sigstore-js does not compare them',
      arrange: withEntry({ log: 2 }, editProof(edit)),
      expected: 'log-mismatch',
    }),
  ),
  {
    fact: 5,
    name: 'no entry',
    advisory: 'log entry left out',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { log: 'none', stamped: true })],
    }),
    expected: 'missing-log-entry',
  },
  {
    fact: 5,
    name: 'a legacy signature without an entry, though stamped',
    advisory: 'log entry left out',
    arrange: async (world) => ({
      layers: [await goodLayer(world, { log: 'none', stamped: true })],
    }),
    expected: 'missing-log-entry',
  },
  {
    fact: 5,
    name: 'an entry in the log of another sigstore',
    advisory: 'any log will do',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { rekor: world.late.rekor1, stamped: true })],
    }),
    expected: 'missing-log-entry',
  },
  {
    fact: 5,
    name: 'an entry in the log of another sigstore under the name of the trusted one',
    advisory: 'any log will do',
    arrange: async (world) => {
      const [trusted] = (await goodBundle(world)).verificationMaterial.tlogEntries;
      const bundle = await goodBundle(world, { rekor: world.late.rekor1, stamped: true });
      const tlogEntries = bundle.verificationMaterial.tlogEntries.map((entry) => ({
        ...entry,
        logId: trusted?.logId,
      }));
      return { bundles: [withMaterial(bundle, { tlogEntries })] };
    },
    expected: 'log-mismatch',
  },
  {
    fact: 5,
    name: 'an entry that says to be of another kind than it is',
    advisory: 'kind taken from outside the body',
    arrange: withEntry({}, (entry) => ({
      ...entry,
      kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
    })),
    expected: 'log-mismatch',
  },
  {
    fact: 5,
    name: 'an entry of an unknown kind',
    advisory: 'unknown kind taken for any',
    arrange: async (world) => ({
      bundles: [
        await goodBundle(world, {
          body: (signed, signer) => ({ ...dsse1(signed, signer), kind: 'constructor' }),
        }),
      ],
    }),
    expected: 'log-mismatch',
  },
  {
    fact: 13,
    name: 'more entries of the trusted log than anyone needs',
    advisory: 'CVE-2024-45395',
    arrange: withEntries({}, ([entry]) => Array.from({ length: 5 }, () => entry)),
    expected: 'too-many',
  },
  {
    fact: 15,
    name: 'the same entry twice',
    advisory: 'GHSA-9vcr-p3rj-q5q6',
    arrange: withEntries({}, ([entry]) => [entry, entry]),
    expected: 'malformed',
  },
  {
    fact: 15,
    name: 'a good entry beside one of another signature in the same log',
    advisory: 'GHSA-9vcr-p3rj-q5q6',
    arrange: async (world) => {
      const bundle = await goodBundle(world);
      const other = await keylessBundle(world.sigstore, world.signer, OTHER);
      const tlogEntries = [bundle, other].flatMap((one) => one.verificationMaterial.tlogEntries);
      return { bundles: [withMaterial(bundle, { tlogEntries })] };
    },
    expected: 'log-mismatch',
  },
  {
    fact: 32,
    name: 'a good entry beside one of an unknown log',
    advisory: 'sigstore-js refuses the whole bundle',
    arrange: async (world) => {
      const bundle = await goodBundle(world);
      const foreign = await goodBundle(world, { rekor: world.late.rekor1 });
      const tlogEntries = [foreign, bundle].flatMap((one) => one.verificationMaterial.tlogEntries);
      return { bundles: [withMaterial(bundle, { tlogEntries })] };
    },
    expected: 'verified',
  },
  ...(
    [
      ['null', () => null],
      ['text', () => 'entry'],
      ['without a log', (entry: EntryJson) => ({ ...entry, logId: undefined })],
      ['without a body', (entry: EntryJson) => ({ ...entry, canonicalizedBody: undefined })],
      ['without a proof', (entry: EntryJson) => ({ ...entry, inclusionProof: undefined })],
      ['with an index below 0', (entry: EntryJson) => ({ ...entry, logIndex: '-1' })],
      ['with an index in hex', (entry: EntryJson) => ({ ...entry, logIndex: '0x1' })],
      ['with a time with a fraction', (entry: EntryJson) => ({ ...entry, integratedTime: 1.5 })],
      [
        'with white space in its body',
        (entry: EntryJson) => ({ ...entry, canonicalizedBody: `${entry.canonicalizedBody}\n` }),
      ],
      [
        'with a body that is no JSON',
        (entry: EntryJson) => ({ ...entry, canonicalizedBody: 'AAAA' }),
      ],
      [
        'with a checkpoint of many digits',
        editCheckpoint(() => `x\n${'9'.repeat(100_000)}\nAA==\n\n`),
      ],
      [
        'with a thousand hashes',
        editProof(() => ({ hashes: Array.from({ length: 1000 }, () => 'AAAA') })),
      ],
    ] as const
  ).map(
    ([what, edit]): KeylessCase => ({
      fact: 28,
      name: `an entry that is ${what}`,
      advisory: 'CVE-2024-45395',
      arrange: withEntry({}, edit),
      expected: 'malformed',
    }),
  ),
  ...(
    [
      ['no JSON', () => '{'],
      ['null', () => 'null'],
      ['without a promise', editJson(({ Payload }) => ({ Payload }))],
      [
        'with its time twice',
        (text: string) => text.replace('"integratedTime"', '"integratedTime":1,"integratedTime"'),
      ],
      [
        'with a log in capitals',
        (text: string) =>
          text.replace(/"logID":"(\w+)"/, (_, id) => `"logID":"${String(id).toUpperCase()}"`),
      ],
    ] as const
  ).map(
    ([what, edit]): KeylessCase => ({
      fact: 28,
      name: `an annotation of a log entry that is ${what}`,
      advisory: 'CVE-2022-36056',
      arrange: withAnnotation('bundle', edit),
      expected: 'malformed',
    }),
  ),
  {
    fact: 28,
    name: 'a bundle of Rekor 2 with a promise of nothing',
    advisory: 'empty taken for absent',
    arrange: withEntry({ log: 2 }, (entry) => ({ ...entry, inclusionPromise: {} })),
    expected: 'malformed',
  },
];
