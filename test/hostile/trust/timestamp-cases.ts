import { createHostileAuthority } from '#test/fixtures/sigstore/hostile-authority.ts';
import { keylessPolicy } from '#test/fixtures/sigstore/policies.ts';
import { keylessBundle, type ProofParts } from '#test/fixtures/sigstore/sign-keyless.ts';

import {
  goodBundle,
  goodLayer,
  type KeylessCase,
  rootWith,
  withEntry,
  withLeaf,
  withMaterial,
} from './keyless-world.ts';
import { VICTIM } from './world.ts';

const timestamp = (root: string) => keylessPolicy(root, { transparencyLog: 'timestamp' });
const STAMPED: ProofParts = { log: 'none', stamped: true };

function named(
  name: string,
  arrange: KeylessCase['arrange'],
  expected: KeylessCase['expected'],
): KeylessCase {
  return { fact: 25, name, advisory: 'cosign verify --use-signed-timestamps', arrange, expected };
}

/** A stamp in place of the log, and certificates that no log holds. */
export const TIMESTAMP_CASES: readonly KeylessCase[] = [
  named(
    'a stamp in place of the log',
    async (world) => ({ bundles: [await goodBundle(world, STAMPED)], policy: timestamp }),
    'verified',
  ),
  named(
    'a stamp in place of the log, in the annotations',
    async (world) => ({ layers: [await goodLayer(world, STAMPED)], policy: timestamp }),
    'verified',
  ),
  named(
    'a stamp where the log is required',
    async (world) => ({ bundles: [await goodBundle(world, STAMPED)] }),
    'missing-log-entry',
  ),
  named(
    'a log entry where a stamp would do',
    async (world) => ({ bundles: [await goodBundle(world, { log: 1 })], policy: timestamp }),
    'verified',
  ),
  named(
    'a log without a time, and no stamp',
    async (world) => ({
      bundles: [await goodBundle(world, { log: 2, stamped: false })],
      policy: timestamp,
    }),
    'missing-timestamp',
  ),
  named(
    'neither',
    async (world) => ({ bundles: [await goodBundle(world, { log: 'none' })], policy: timestamp }),
    'missing-timestamp',
  ),
  named(
    'a stamp of an authority that is not trusted',
    async (world) => ({
      bundles: [await goodBundle(world, STAMPED)],
      root: world.sigstore.root({ timestampAuthorities: [] }),
      policy: timestamp,
    }),
    'missing-timestamp',
  ),
  named(
    'a stamp over another signature',
    async (world) => {
      const bundle = await goodBundle(world, STAMPED);
      const stamp = await world.sigstore.stamp(Buffer.from('other'));
      const rfc3161Timestamps = [{ signedTimestamp: stamp.toString('base64') }];
      const timestampVerificationData = { rfc3161Timestamps };
      return { bundles: [withMaterial(bundle, { timestampVerificationData })], policy: timestamp };
    },
    'missing-timestamp',
  ),
  named(
    'a stamp after the certificate had expired',
    async (world) => ({
      bundles: [await goodBundle(world, { log: 'none', stampers: [world.late] })],
      root: world.sigstore.root({
        timestampAuthorities: world.late.parts.timestampAuthorities,
      }),
      policy: timestamp,
    }),
    'certificate-expired',
  ),
  named(
    'a good stamp beside a log entry of another signature',
    async (world) => {
      const attack = await withEntry({ log: 1, stamped: true }, (entry) => ({
        ...entry,
        canonicalizedBody: Buffer.from('{"kind":"dsse","apiVersion":"0.0.1"}').toString('base64'),
      }))(world);
      return { ...attack, policy: timestamp };
    },
    'verified',
  ),
  ...(['require', 'ignore'] as const).map((ctLog) =>
    named(
      `a certificate that no certificate log holds: ${ctLog}`,
      async (world) => {
        const attack = await withLeaf({ ctLog: 'none' })(world);
        return {
          ...attack,
          policy: (root) => keylessPolicy(root, ctLog === 'ignore' ? { ctLog } : {}),
        };
      },
      ctLog === 'ignore' ? 'verified' : 'missing-sct',
    ),
  ),
  named(
    'no certificate log and no transparency log, where only the first may be missing',
    async (world) => {
      const signer = await world.hostile.issue({ ctLog: 'none' });
      return {
        bundles: [await keylessBundle(world.sigstore, signer, VICTIM, STAMPED)],
        root: rootWith(world, world.hostile),
        policy: (root) => keylessPolicy(root, { ctLog: 'ignore' }),
      };
    },
    'missing-log-entry',
  ),
  named(
    'a certificate log that is not trusted, ignored, by an authority that is not trusted',
    async (world) => {
      const own = await createHostileAuthority(world.sigstore);
      const signer = await own.issue({ ctLog: 'none' });
      return {
        bundles: [await keylessBundle(world.sigstore, signer, VICTIM)],
        policy: (root) => keylessPolicy(root, { ctLog: 'ignore' }),
      };
    },
    'untrusted-root',
  ),
  ...(
    [
      ['^https://oauth\\.example/[a-z]+$', 'wrong-issuer'],
      ['^https://[a-z.]+$', 'verified'],
      ['https://', 'wrong-issuer'],
    ] as const
  ).map(([pattern, expected]) =>
    named(
      `an issuer by the pattern ${pattern}`,
      async (world) => ({
        bundles: [await goodBundle(world)],
        policy: (root) => keylessPolicy(root, { issuer: { pattern } }),
      }),
      expected,
    ),
  ),
];
