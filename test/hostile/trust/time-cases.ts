import { loggedKeyPolicy } from '#test/fixtures/sigstore/policies.ts';
import {
  createKeys,
  createPrivateSigstore,
  type PrivateSigstore,
  type RootParts,
} from '#test/fixtures/sigstore/private-sigstore.ts';
import { keylessBundle, type Stamper } from '#test/fixtures/sigstore/sign-keyless.ts';

import {
  goodBundle,
  goodLayer,
  type KeylessCase,
  type KeylessWorld,
  withAnnotation,
  withEntry,
  withMaterial,
} from './keyless-world.ts';
import { VICTIM } from './world.ts';

const RETIRED = { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' };
const TO_COME = { start: '2099-01-01T00:00:00Z' };

/** The root in which every key of a kind is trusted for another period. */
function during(
  { sigstore }: KeylessWorld,
  kind: 'tlogs' | 'certificateAuthorities' | 'timestampAuthorities',
  validFor: object,
): string {
  const { parts } = sigstore;
  const replaced: RootParts =
    kind === 'tlogs'
      ? { tlogs: parts.tlogs.map((log) => ({ ...log, publicKey: { ...log.publicKey, validFor } })) }
      : { [kind]: parts[kind].map((authority) => ({ ...authority, validFor })) };
  return sigstore.root(replaced);
}

/** The root with the timestamp authorities of both. */
function withStamper({ sigstore }: KeylessWorld, other: PrivateSigstore): string {
  const { timestampAuthorities } = sigstore.parts;
  return sigstore.root({
    timestampAuthorities: [...timestampAuthorities, ...other.parts.timestampAuthorities],
  });
}

/** All timestamp authorities of the mock have one name: here is another. */
function renamed({ stamp }: Stamper): Stamper {
  return {
    async stamp(signature) {
      const text = (await stamp(signature)).toString('latin1');
      return Buffer.from(text.replaceAll('tsa', 'tsb'), 'latin1');
    },
  };
}

async function stampOf(
  world: KeylessWorld,
  signature: string,
): Promise<{ signedTimestamp: string }> {
  const stamp = await world.sigstore.stamp(Buffer.from(signature));
  return { signedTimestamp: stamp.toString('base64') };
}

/** When it was signed, and who says so. */
export const TIME_CASES: readonly KeylessCase[] = [
  ...([{ log: 1 }, { log: 2 }, { log: 1, stamped: true }] as const).flatMap(
    (parts): readonly KeylessCase[] =>
      [RETIRED, TO_COME].map((period) => ({
        fact: 22,
        name: `a log that was not in use: ${JSON.stringify(parts)}, ${period.start}`,
        advisory: 'GHSA-wqqc, log key outside its period',
        arrange: async (world) => ({
          bundles: [await goodBundle(world, parts)],
          root: during(world, 'tlogs', period),
        }),
        expected: 'time-out-of-range',
      })),
  ),
  {
    fact: 22,
    name: 'a legacy signature in a log that was not in use any more',
    advisory: 'GHSA-wqqc, log key outside its period',
    arrange: async (world) => ({
      layers: [await goodLayer(world)],
      root: during(world, 'tlogs', RETIRED),
    }),
    expected: 'time-out-of-range',
  },
  {
    fact: 22,
    name: 'a key logged by Rekor 2 without a time, in a log that is not in use any more',
    advisory: 'GHSA-wqqc, log key outside its period',
    arrange: async (world) => {
      const signer = { ...createKeys(), certificate: undefined };
      const parts = { log: 2, stamped: false } as const;
      return {
        bundles: [await keylessBundle(world.sigstore, signer, VICTIM, parts)],
        root: during(world, 'tlogs', RETIRED),
        policy: (root) => loggedKeyPolicy(root, signer.publicKey),
      };
    },
    expected: 'time-out-of-range',
  },
  {
    fact: 22,
    name: 'a stamp by an authority that was not in use any more',
    advisory: 'TSA outside its period',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { log: 2 })],
      root: during(world, 'timestampAuthorities', RETIRED),
    }),
    expected: 'time-out-of-range',
  },
  {
    fact: 22,
    name: 'a stamp by an authority that was not in use any more, beside one that is and did not stamp',
    advisory: 'period borrowed from another authority',
    arrange: async (world) => {
      const retired = world.sigstore.parts.timestampAuthorities.map((authority) => ({
        ...authority,
        validFor: RETIRED,
      }));
      const { timestampAuthorities } = world.late.parts;
      return {
        bundles: [await goodBundle(world, { log: 2 })],
        root: world.sigstore.root({ timestampAuthorities: [...retired, ...timestampAuthorities] }),
      };
    },
    expected: 'missing-timestamp',
  },
  {
    fact: 22,
    name: 'a certificate authority that was not in use any more',
    advisory: 'CA outside its period',
    arrange: async (world) => ({
      bundles: [await goodBundle(world)],
      root: during(world, 'certificateAuthorities', RETIRED),
    }),
    expected: 'time-out-of-range',
  },
  ...([1, 2] as const).map(
    (log): KeylessCase => ({
      fact: 23,
      name: `a stamp after the certificate had expired, logged by Rekor ${log}`,
      advisory: 'certificate outlived by its signature',
      arrange: async (world) => ({
        bundles: [await goodBundle(world, { log, stampers: [world.late] })],
        root: withStamper(world, world.late),
      }),
      // Rekor 1 says when, and one good time suffices; Rekor 2 says nothing.
      expected: log === 1 ? 'verified' : 'certificate-expired',
    }),
  ),
  {
    fact: 23,
    name: 'one good stamp, and one after the certificate had expired',
    advisory: 'any good stamp will do',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { log: 2, stampers: [world.sigstore, world.late] })],
      root: withStamper(world, world.late),
    }),
    expected: 'verified',
  },
  {
    fact: 23,
    name: 'a log entry after the certificate had expired',
    advisory: 'certificate outlived by its signature',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { rekor: world.late.rekor1 })],
      root: world.sigstore.root({ tlogs: world.late.parts.tlogs }),
    }),
    expected: 'certificate-expired',
  },
  {
    fact: 23,
    name: 'a log entry before the certificate was issued',
    advisory: 'certificate not yet valid',
    arrange: async (world) => {
      const signer = await world.late.certify();
      const { certificateAuthorities, ctlogs } = world.late.parts;
      return {
        bundles: [await keylessBundle(world.sigstore, signer, VICTIM)],
        root: world.sigstore.root({ certificateAuthorities, ctlogs }),
      };
    },
    expected: 'time-out-of-range',
  },
  {
    fact: 23,
    name: 'a time in the log entry that the log has not signed',
    advisory: 'sigstore-js 3.1.1 took it for a time',
    arrange: withEntry({ log: 1 }, (entry) => ({ ...entry, inclusionPromise: undefined })),
    expected: 'missing-timestamp',
  },
  {
    fact: 25,
    name: 'an entry of Rekor 2 and no stamp',
    advisory: 'Rekor 2 states no time',
    arrange: async (world) => ({ bundles: [await goodBundle(world, { log: 2, stamped: false })] }),
    expected: 'missing-timestamp',
  },
  {
    fact: 25,
    name: 'an entry of Rekor 2 with a time that the pusher wrote',
    advisory: 'Rekor 2 states no time',
    arrange: withEntry({ log: 2, stamped: false }, (entry) => ({
      ...entry,
      integratedTime: String(Math.floor(Date.now() / 1000)),
    })),
    expected: 'missing-timestamp',
  },
  {
    fact: 25,
    name: 'an entry of Rekor 2 and a stamp by an unknown authority',
    advisory: 'any timestamp authority will do',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { log: 2, stampers: [renamed(world.late)] })],
    }),
    expected: 'missing-timestamp',
  },
  {
    fact: 25,
    name: 'an entry of Rekor 2 and a stamp by an unknown authority under the name of the trusted one',
    advisory: 'timestamp authority found by its name',
    arrange: async (world) => ({
      bundles: [await goodBundle(world, { log: 2, stampers: [world.late] })],
    }),
    expected: 'missing-timestamp',
  },
  {
    fact: 25,
    name: 'a stamp over another signature',
    advisory: 'stamp not bound to what it stamps',
    arrange: async (world) => {
      const rfc3161Timestamps = [await stampOf(world, 'another signature')];
      const bundle = await goodBundle(world, { log: 2 });
      const timestampVerificationData = { rfc3161Timestamps };
      return { bundles: [withMaterial(bundle, { timestampVerificationData })] };
    },
    expected: 'missing-timestamp',
  },
  {
    fact: 25,
    name: 'a stamp whose time was altered',
    advisory: 'time outside what is signed',
    arrange: async (world) => {
      const bundle = await goodBundle(world, { log: 2 });
      const [stamp] = bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
      const text = Buffer.from(stamp?.signedTimestamp ?? '', 'base64').toString('latin1');
      const altered = text.replace(/20\d\d(\d{10})Z/, '2030$1Z');
      const signedTimestamp = Buffer.from(altered, 'latin1').toString('base64');
      const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
      return { bundles: [withMaterial(bundle, { timestampVerificationData })] };
    },
    expected: 'time-out-of-range',
  },
  {
    fact: 13,
    name: 'more stamps by the trusted authority than anyone needs',
    advisory: 'CVE-2024-45395',
    arrange: async (world) => ({
      bundles: [
        await goodBundle(world, { stampers: Array.from({ length: 5 }, () => world.sigstore) }),
      ],
    }),
    expected: 'verified',
  },
  {
    fact: 13,
    name: 'more stamps of other signatures than are verified, and a good one after them',
    advisory: 'CVE-2024-45395',
    arrange: async (world) => {
      const stamps = await Promise.all([1, 2, 3, 4].map((n) => stampOf(world, `other ${n}`)));
      const bundle = await goodBundle(world, { log: 2 });
      const { rfc3161Timestamps } = bundle.verificationMaterial.timestampVerificationData;
      const timestampVerificationData = { rfc3161Timestamps: [...stamps, ...rfc3161Timestamps] };
      return { bundles: [withMaterial(bundle, { timestampVerificationData })] };
    },
    expected: 'missing-timestamp',
  },
  {
    fact: 23,
    name: 'a stamp of another signature beside a good one',
    advisory: 'a threshold of good ones suffices (sigstore-go)',
    arrange: async (world) => {
      const bundle = await goodBundle(world, { log: 2 });
      const { rfc3161Timestamps } = bundle.verificationMaterial.timestampVerificationData;
      const other = await stampOf(world, 'other');
      const timestampVerificationData = { rfc3161Timestamps: [other, ...rfc3161Timestamps] };
      return { bundles: [withMaterial(bundle, { timestampVerificationData })] };
    },
    expected: 'verified',
  },
  {
    fact: 15,
    name: 'the same stamp twice',
    advisory: 'sigstore-go#471',
    arrange: async (world) => {
      const bundle = await goodBundle(world, { log: 2 });
      const [stamp] = bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
      const timestampVerificationData = { rfc3161Timestamps: [stamp, stamp] };
      return { bundles: [withMaterial(bundle, { timestampVerificationData })] };
    },
    expected: 'verified',
  },
  {
    fact: 32,
    name: 'a good stamp beside one of an unknown authority',
    advisory: 'sigstore-js refuses the whole bundle',
    arrange: async (world) => {
      const stampers = [renamed(world.late), world.sigstore];
      return { bundles: [await goodBundle(world, { log: 2, stampers })] };
    },
    expected: 'verified',
  },
  {
    fact: 32,
    name: 'a stamp with a fraction of a second',
    advisory: 'sigstore-js reads none but one of three digits',
    arrange: async (world) => {
      const precise = await createPrivateSigstore(70);
      return {
        bundles: [await goodBundle(world, { log: 2, stampers: [precise] })],
        root: withStamper(world, precise),
      };
    },
    expected: 'verified',
  },
  ...(
    [
      ['junk', 'junk'],
      ['empty', ''],
      ['a sequence of nothing', Buffer.from([0x30, 0x00]).toString('base64')],
      ['too large', Buffer.alloc(70_000).toString('base64')],
      ['null', null],
    ] as const
  ).map(
    ([what, signedTimestamp]): KeylessCase => ({
      fact: 29,
      name: `a stamp that is ${what}`,
      advisory: 'CVE-2024-45395',
      arrange: async (world) => {
        const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
        return { bundles: [withMaterial(await goodBundle(world), { timestampVerificationData })] };
      },
      expected: 'malformed',
    }),
  ),
  {
    fact: 29,
    name: 'an annotation of a stamp that is no JSON',
    advisory: 'CVE-2024-45395',
    arrange: withAnnotation('rfc3161timestamp', () => 'junk'),
    expected: 'malformed',
  },
];
