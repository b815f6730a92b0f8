import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { legacyPayload } from '#test/fakes/cosign.ts';

import { type CosignWorld, openCosignWorld, PLAIN_HTTP } from './tools/cosign-world.ts';
import { coverTriples } from './tools/cover-triples.ts';
import { createFigures } from './tools/figures.ts';

/** Signatures that no cosign made: by a KMS, openssl or WebCrypto, and brought to the registry by `cosign attach`. */
const CURVES = ['P-256', 'P-384', 'P-521'] as const;
const SIZES = [2048, 3072, 4096] as const;
const HASHES = ['sha256', 'sha384', 'sha512'] as const;
/** As `cat sig | base64` and as cosign write it. */
const TEXTS = ['one line', 'wrapped'] as const;
const TOOLS = ['cosign2', 'cosign3'] as const;
const HOSTS = ['embedded', 'bare', 'debian'] as const;

const SIGNERS = [
  ...CURVES.flatMap((key) =>
    (['der', 'ieee-p1363'] as const).map((encoding) => ({ key, encoding })),
  ),
  ...SIZES.map((size) => ({ key: `RSA ${size}`, encoding: 'pkcs1' as const })),
  { key: 'Ed25519', encoding: 'pure' as const },
];
const PRODUCT = SIGNERS.flatMap((signer) =>
  HASHES.flatMap((hash) =>
    TEXTS.flatMap((text) =>
      TOOLS.flatMap((tool) => HOSTS.map((host) => ({ ...signer, hash, text, tool, host }))),
    ),
  ),
);
/** The whole product: `COUNTERSIGN_MATRIX=whole npm run test:e2e -- cosign-attach`. */
const WHOLE = process.env['COUNTERSIGN_MATRIX'] === 'whole';
const ROWS = WHOLE ? PRODUCT : coverTriples(PRODUCT);
const MAX_ROWS = WHOLE ? PRODUCT.length : 120;

type Row = (typeof ROWS)[number];

const figures = createFigures('attached signatures');
const keys = new Map<string, KeyObject>();
let world: CosignWorld;

beforeAll(async () => {
  world = await openCosignWorld();
  for (const { key } of SIGNERS) {
    const curve = CURVES.find((one) => one === key);
    const size = SIZES.find((one) => key === `RSA ${one}`) ?? 2048;
    const { publicKey, privateKey } =
      curve !== undefined
        ? generateKeyPairSync('ec', { namedCurve: curve })
        : key === 'Ed25519'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('rsa', { modulusLength: size });
    keys.set(key, privateKey);
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(join(world.folder, `${key}.pub`), pem);
  }
});
afterAll(async () => {
  figures.print();
  await world?.close();
});

function signWith({ key: name, encoding, hash, text }: Row, payload: Buffer): string {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`no key ${name}`);
  const options = {
    pure: { key },
    pkcs1: { key, padding: constants.RSA_PKCS1_PADDING },
    der: { key, dsaEncoding: 'der' as const },
    'ieee-p1363': { key, dsaEncoding: 'ieee-p1363' as const },
  }[encoding];
  // Ed25519 hashes by itself.
  const line = sign(encoding === 'pure' ? null : hash, payload, options).toString('base64');
  return text === 'wrapped' ? line.replaceAll(/.{1,76}/g, '$&\n') : line;
}

describe('signatures that cosign attaches', () => {
  it('are few, and have every three together', () => {
    expect(ROWS.length).toBeLessThanOrEqual(MAX_ROWS);
    process.stdout.write(`${ROWS.length} of ${PRODUCT.length} combinations\n`);
  });

  it.each(ROWS)(
    'verify as with cosign: $key, $encoding, $hash, $text, $tool, $host',
    async (row) => {
      const { repository, digest, index } = await world.pushIndex(world.hosts[row.host]);
      const payload = Buffer.from(legacyPayload(digest));
      await writeFile(join(world.folder, 'payload.json'), payload);
      await writeFile(join(world.folder, 'signature'), signWith(row, payload));
      const what = ['--payload=payload.json', '--signature=signature'];
      const reference = `${repository}@${digest}`;
      await world.run(row.tool, 'attach', 'signature', PLAIN_HTTP, ...what, reference);
      // Copied to another image: the same bytes are no signature of that.
      const tag = (of: string): string => `${repository}:${of.replace(':', '-')}.sig`;
      await world.run('crane', 'copy', tag(digest), tag(index));
      const flag = `--signature-digest-algorithm=${row.hash}`;
      const isTrue = [
        [digest, row.key, true],
        [index, row.key, false],
        [digest, 'other', false],
      ] as const;
      for (const [one, key, expected] of isTrue) {
        const { status } = await world.verdictOf(
          { repository, digest: one },
          await world.policyFor(key),
        );
        const ours = status === 'verified';
        const theirs = await world.cosignVerifies(key, `${repository}@${one}`, flag);
        figures.count(ours, theirs, row.encoding);
        expect([key, one, ours, theirs]).toEqual([key, one, expected, expected]);
      }
    },
  );

  it('have no acceptance that cosign refuses', () => {
    expect(figures.acceptedAlone()).toBe(0);
  });
});
