import { beforeAll, describe, expect, it } from 'vitest';

import { fc } from '#test/fixtures/fast-check.ts';
import {
  createKeylessWorld,
  goodBundle,
  goodLayer,
  type KeylessWorld,
} from './trust/keyless-world.ts';
import { withMaterial, withstand } from './trust/keyless-world.ts';
import type { BundleParts, EntryJson } from '#test/fixtures/sigstore/sign-keyless.ts';

/** Each run verifies once, some of them with all the cryptography. */
const RUNS = { numRuns: 75 };

let world: KeylessWorld;
let bundle: BundleParts;
let stamped: BundleParts;
let layer: Readonly<Record<string, string>>;
beforeAll(async () => {
  world = await createKeylessWorld();
  bundle = await goodBundle(world);
  stamped = await goodBundle(world, { log: 2 });
  layer = await goodLayer(world, { stamped: true });
});

/** One change of some bytes: another byte, some bytes more, or some fewer. */
const change = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('flip', 'insert', 'delete', 'cut'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function applyChange(bytes: Buffer, { at, kind, bytes: other }: Change): Buffer {
  const start = at % bytes.length;
  if (kind === 'cut') return bytes.subarray(0, start);
  if (kind === 'flip') {
    const flipped = Buffer.from(bytes);
    flipped[start] = (flipped[start] ?? 0) ^ (other[0] ?? 0);
    return flipped;
  }
  const kept = kind === 'delete' ? start + other.length : start;
  const between = kind === 'delete' ? Buffer.alloc(0) : Buffer.from(other);
  return Buffer.concat([bytes.subarray(0, start), between, bytes.subarray(kept)]);
}

const inBase64 = (text: string, how: Change): string =>
  applyChange(Buffer.from(text, 'base64'), how).toString('base64');
const inText = (text: string, how: Change): string =>
  applyChange(Buffer.from(text), how).toString();

/** Never more than a refusal: no crash, no approval. */
async function expectRefusal(bundles: readonly unknown[]): Promise<void> {
  const [outcome] = await withstand(world, { bundles });
  expect(outcome).not.toBe('verified');
}

describe('a fuzzed proof never crashes the verifier and is never approved', () => {
  it('in its certificate', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(change, async (how) => {
          const good = bundle.verificationMaterial.certificate?.rawBytes ?? '';
          const rawBytes = inBase64(good, how);
          fc.pre(rawBytes !== good);
          await expectRefusal([withMaterial(bundle, { certificate: { rawBytes } })]);
        }),
        RUNS,
      ),
    ).resolves.toBeUndefined();
  });

  it('in its payload or signature', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(change, fc.boolean(), async (how, inPayload) => {
          const { dsseEnvelope: good } = bundle;
          const [first] = good.signatures;
          const payload = inPayload ? inBase64(good.payload, how) : good.payload;
          const sig = inPayload ? first?.sig : inBase64(first?.sig ?? '', how);
          fc.pre(payload !== good.payload || sig !== first?.sig);
          await expectRefusal([
            { ...bundle, dsseEnvelope: { ...good, payload, signatures: [{ sig }] } },
          ]);
        }),
        RUNS,
      ),
    ).resolves.toBeUndefined();
  });

  it.each(['body', 'promise', 'log', 'checkpoint', 'root', 'time'] as const)(
    'in the %s of its log entry',
    async (part) => {
      await expect(
        fc.assert(
          fc.asyncProperty(change, async (how) => {
            const [good] = bundle.verificationMaterial.tlogEntries;
            if (good === undefined) throw new Error('a good bundle has an entry');
            const entry = spoilEntry(good, part, how);
            fc.pre(JSON.stringify(entry) !== JSON.stringify(good));
            await expectRefusal([withMaterial(bundle, { tlogEntries: [entry] })]);
          }),
          { numRuns: 30 },
        ),
      ).resolves.toBeUndefined();
    },
  );

  it('in the text of an annotation', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(
          change,
          fc.constantFrom('certificate', 'bundle', 'rfc3161timestamp'),
          async (how, name) => {
            const key = `dev.sigstore.cosign/${name}`;
            const good = layer[key] ?? '';
            const annotations = { ...layer, [key]: inText(good, how) };
            const [outcome] = await withstand(world, { layers: [annotations] });
            // White space between the tokens of JSON, and around PEM, says nothing else.
            const same = squeeze(annotations[key] ?? '') === squeeze(good);
            expect(same || name === 'rfc3161timestamp' || outcome !== 'verified').toBe(true);
          },
        ),
        RUNS,
      ),
    ).resolves.toBeUndefined();
  });

  it('in a stamp, whose unsigned parts may be anything', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(change, async (how) => {
          const { rfc3161Timestamps: stamps } =
            stamped.verificationMaterial.timestampVerificationData;
          const signedTimestamp = inBase64(stamps[0]?.signedTimestamp ?? '', how);
          const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
          const outcomes = await withstand(world, {
            bundles: [withMaterial(stamped, { timestampVerificationData })],
          });
          expect(outcomes).toHaveLength(1);
        }),
        RUNS,
      ),
    ).resolves.toBeUndefined();
  });

  it('in the whole text of a bundle', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
          const text = changes.reduce(inText, JSON.stringify(bundle));
          const [outcome] = await withstand(world, { bundles: [text] });
          // Verified, it says the same in all that counts.
          const { dsseEnvelope, verificationMaterial } = bundle;
          const kept = [dsseEnvelope.payload, verificationMaterial.certificate?.rawBytes ?? ''];
          expect(outcome !== 'verified' || kept.every((part) => text.includes(part))).toBe(true);
        }),
        RUNS,
      ),
    ).resolves.toBeUndefined();
  });

  it('made of any JSON', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (material, entry) => {
          const tlogEntries = [entry];
          await expectRefusal([
            { ...bundle, verificationMaterial: material },
            withMaterial(bundle, { tlogEntries }),
            withMaterial(bundle, { timestampVerificationData: entry, tlogEntries: material }),
          ]);
        }),
        RUNS,
      ),
    ).resolves.toBeUndefined();
  });
});

function spoilEntry(entry: EntryJson, part: string, how: Change): object {
  const { inclusionProof: proof } = entry;
  if (part === 'body')
    return { ...entry, canonicalizedBody: inBase64(entry.canonicalizedBody, how) };
  if (part === 'log') return { ...entry, logId: { keyId: inBase64(entry.logId.keyId, how) } };
  if (part === 'time') return { ...entry, integratedTime: inText(entry.integratedTime ?? '', how) };
  if (part === 'promise') {
    const signed = entry.inclusionPromise?.signedEntryTimestamp ?? '';
    return { ...entry, inclusionPromise: { signedEntryTimestamp: inBase64(signed, how) } };
  }
  if (part === 'root') {
    return { ...entry, inclusionProof: { ...proof, rootHash: inBase64(proof.rootHash, how) } };
  }
  // What is signed of a checkpoint; the names and signatures after it are not.
  const [note = '', ...signatures] = proof.checkpoint.envelope.split('\n\n');
  const envelope = [inText(note, how), ...signatures].join('\n\n');
  return { ...entry, inclusionProof: { ...proof, checkpoint: { envelope } } };
}

function squeeze(text: string): string {
  return text.replaceAll(/\s/g, '');
}
