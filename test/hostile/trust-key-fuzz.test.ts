import { describe, expect, it } from 'vitest';

import type { Verdict } from '#shared/core/verdict.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import {
  attestationOf,
  BUNDLE,
  bundleOf,
  createSigningKey,
  envelopeLayer,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  putAttestationTag,
  putBundle,
  putFallback,
  putSignatureTag,
  SIMPLE_SIGNING,
  statementOf,
} from '#test/fakes/cosign.ts';
import type { KeyKind } from '#test/fakes/key-kinds.ts';
import { createMemoryRegistry, type MemoryRegistry } from '#test/fakes/memory-registry.ts';

import { fc } from '#test/fixtures/fast-check.ts';
import { REPOSITORY, release, VICTIM } from './trust/world.ts';

const SLSA = 'https://slsa.dev/provenance/v1';
const RUNS = { numRuns: 100 };
const KINDS: readonly KeyKind[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'Ed25519ph', 'RSA 2048'];
const attesting = { attestations: [{ predicateType: SLSA, where: { a: 1 } }] };

/** The verdict on whatever was pushed; what it throws is a crash. */
async function judge(
  arrange: (registry: MemoryRegistry) => void,
  policy = keyPolicy([release]),
): Promise<Verdict['status']> {
  const registry = createMemoryRegistry();
  arrange(registry);
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: () => 0 });
  const { status } = await verifier.verify({ repository: REPOSITORY, digest: VICTIM }, policy);
  return status;
}

function layers(registry: MemoryRegistry, entries: readonly unknown[]): void {
  putSignatureTag(registry, REPOSITORY, VICTIM, entries);
  putAttestationTag(registry, REPOSITORY, VICTIM, entries);
  putFallback(registry, REPOSITORY, VICTIM, entries);
}

/** JSON that looks like what is expected, wrong in any field. */
const descriptor = fc.record(
  {
    mediaType: fc.oneof(
      fc.constantFrom(SIMPLE_SIGNING, BUNDLE, 'application/vnd.dsse.envelope.v1+json'),
      fc.jsonValue(),
    ),
    digest: fc.oneof(fc.constant(VICTIM), fc.jsonValue()),
    size: fc.oneof(fc.integer(), fc.jsonValue()),
    annotations: fc.oneof(
      fc.dictionary(
        fc.oneof(fc.constant('dev.cosignproject.cosign/signature'), fc.string()),
        fc.oneof(fc.base64String(), fc.jsonValue()),
      ),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: [] },
);

describe('what anyone can push never crashes the verifier and is never approved', () => {
  it('as the manifests of signatures, attestations and referrers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(descriptor, fc.jsonValue())), async (entries) => {
        const policy = keyPolicy([release], attesting);
        expect(await judge((registry) => layers(registry, entries), policy)).not.toBe('verified');
      }),
      RUNS,
    );
  });

  it('as the bytes under every tag', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array(), fc.json(), fc.string()), async (body) => {
        const hex = VICTIM.slice('sha256:'.length);
        const status = await judge((registry) => {
          for (const suffix of ['', '.sig', '.att']) {
            registry.putManifest(REPOSITORY, body, `sha256-${hex}${suffix}`);
          }
        });
        expect(status).not.toBe('verified');
      }),
      RUNS,
    );
  });

  it('as a properly signed payload that says something else', async () => {
    const field = fc.constantFrom(
      'critical',
      'image',
      'docker-manifest-digest',
      'type',
      'optional',
    );
    await fc.assert(
      fc.asyncProperty(field, fc.jsonValue(), async (name, value) => {
        const text = JSON.stringify(JSON.parse(legacyPayload(VICTIM)), (key, part: unknown) =>
          key === name ? value : part,
        );
        const said = JSON.parse(text);
        const isSame =
          said.critical?.image?.['docker-manifest-digest'] === VICTIM &&
          said.critical.type === 'cosign container image signature';
        const status = await judge((registry) => {
          const layer = legacyLayer(registry, REPOSITORY, text, release);
          putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
        });
        expect(status === 'verified' && !isSame).toBe(false);
      }),
      RUNS,
    );
  });

  it('as a properly signed statement that says something else', async () => {
    const field = fc.constantFrom('_type', 'subject', 'digest', 'sha256', 'predicateType');
    await fc.assert(
      fc.asyncProperty(field, fc.jsonValue(), async (name, value) => {
        const text = JSON.stringify(statementOf(VICTIM), (key, part: unknown) =>
          key === name ? value : part,
        );
        fc.pre(text !== JSON.stringify(statementOf(VICTIM)));
        const bundle = bundleOf(text, release);
        const status = await judge((registry) =>
          registry.addReferrer(REPOSITORY, VICTIM, putBundle(registry, REPOSITORY, VICTIM, bundle)),
        );
        expect(status).not.toBe('verified');
      }),
      RUNS,
    );
  });

  it('as a predicate, but for the one that the policy asks for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (predicate) => {
        fc.pre(Object(predicate).a !== 1);
        const statement = attestationOf(VICTIM, SLSA, predicate);
        const status = await judge(
          (registry) => {
            const layer = envelopeLayer(registry, REPOSITORY, release, statement);
            putAttestationTag(registry, REPOSITORY, VICTIM, [layer]);
            const signature = legacyLayer(registry, REPOSITORY, legacyPayload(VICTIM), release);
            putSignatureTag(registry, REPOSITORY, VICTIM, [signature]);
          },
          keyPolicy([release], attesting),
        );
        expect(status).toBe('untrusted');
      }),
      RUNS,
    );
  });

  it.each(KINDS)('as a signature for a key of %s', async (kind) => {
    const key = createSigningKey(kind);
    const payload = Buffer.from(legacyPayload(VICTIM));
    const genuine = key.sign?.(payload) ?? Buffer.alloc(0);
    const flipped = fc
      .tuple(fc.nat(genuine.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, mask]) => genuine.map((byte, index) => (index === at ? byte ^ mask : byte)));
    const random = fc.uint8Array({ maxLength: 2 * genuine.length });
    await fc.assert(
      fc.asyncProperty(fc.oneof(flipped, random), async (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        const status = await judge(
          (registry) => {
            const layer = legacyLayer(registry, REPOSITORY, payload, key, text);
            putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
          },
          keyPolicy([key]),
        );
        expect(status).toBe('untrusted');
      }),
      { numRuns: 30 },
    );
  });

  it('as base64 in another spelling of the very signature', async () => {
    const payload = Buffer.from(legacyPayload(VICTIM));
    const genuine = (release.sign?.(payload) ?? Buffer.alloc(0)).toString('base64');
    const junk = fc.constantFrom(
      ' ',
      '\n',
      '\r\n',
      '\t',
      '=',
      '-',
      '_',
      '!',
      '\u0000',
      '\u200b',
      'é',
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.length), junk, async (at, odd) => {
        const text = genuine.slice(0, at) + odd + genuine.slice(at);
        const status = await judge((registry) => {
          const layer = legacyLayer(registry, REPOSITORY, payload, release, text);
          putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
        });
        // Line breaks alone are passed over, as cosign does.
        expect(status).toBe(odd === '\n' || odd === '\r\n' ? 'verified' : 'untrusted');
      }),
      RUNS,
    );
  });
});
