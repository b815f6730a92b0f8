import type { Descriptor } from '#shared/registry/registry.ts';
import {
  type AuthorityCheck,
  type Evidence,
  isRefusal,
  type Refusal,
} from '#shared/trust/candidate.ts';
import { createKeyLoader, readPublicKey } from '#shared/trust/keys.ts';
import { readBundleSignature, readLegacySignature } from '#shared/trust/read-candidate.ts';
import type { Layer } from '#shared/trust/signature-manifest.ts';
import { createTrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createVerifier, prepareAuthority } from '#shared/trust/verifier.ts';
import {
  bundleOf,
  createSigningKey,
  keyPolicy,
  legacyLayer,
  legacyPayload,
  type SigningKey,
  signBundle,
  signLegacy,
  statementOf,
} from '#test/fakes/cosign.ts';
import type { KeyKind } from '#test/fakes/key-kinds.ts';
import { createMemoryRegistry, digestOf } from '#test/fakes/memory-registry.ts';

import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import { measure } from '../frame/measure.ts';

const REPOSITORY = 'registry.example/configs/platform';
const DIGEST = digestOf(Buffer.from('image'));
const KINDS: readonly KeyKind[] = [
  'P-256',
  'P-384',
  'P-521',
  'Ed25519',
  'Ed25519ph',
  'RSA 2048',
  'RSA 4096',
];

/** Bytes at hand to verdict of one authority, and a whole verification over a registry in memory, against the floor. */
export async function benchKeys({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const kind of quick ? KINDS.slice(0, 1) : KINDS) {
    say(kind);
    figures.push(...(await benchKind(kind)));
  }
  return figures;
}

async function benchKind(kind: KeyKind): Promise<readonly Figure[]> {
  const key = createSigningKey(kind);
  const registry = createMemoryRegistry();
  const payload = Buffer.from(legacyPayload(DIGEST));
  const layer = legacyLayer(registry, REPOSITORY, payload, key);
  const bundle = Buffer.from(JSON.stringify(bundleOf(statementOf(DIGEST), key)));
  const trusted = await readPublicKey(key.pem, 'release');
  const { algorithm } = trusted;
  if (isRefusal(algorithm)) throw new Error(algorithm.detail);
  const [authority] = keyPolicy([key]).authorities;
  if (authority === undefined) throw new Error('a policy has an authority');
  const roots = createTrustRootLoader({ now: Date.now });
  const check = await prepareAuthority(authority, {
    keys: createKeyLoader(),
    roots,
    now: Date.now,
  });

  const signature = key.sign?.(payload) ?? Buffer.alloc(0);
  const [bare = [], legacy = [], bundled = [], wholeLegacy = [], wholeBundle = []] = await measure(
    () => algorithm.verify(payload, trusted.key, signature),
    () => expectAccepted(readLegacySignature(layerOf(layer), payload, DIGEST), 'legacy', check),
    () => expectAccepted(readBundleSignature(bundle, DIGEST, new Set()), 'bundle', check),
    createWhole(key, signLegacy),
    createWhole(key, signBundle),
  );
  // For Ed25519ph, which Node does not know, the library's own.
  const floor = { name: 'bare verify()', samples: bare };
  const budget = { of: 'ratio', limit: 3 } as const;
  return [
    figureOf({ what: `${kind}, legacy bytes at hand`, unit: 'ms', ours: legacy, floor, budget }),
    figureOf({ what: `${kind}, bundle bytes at hand`, unit: 'ms', ours: bundled, floor, budget }),
    figureOf({ what: `${kind}, whole, legacy`, unit: 'ms', ours: wholeLegacy }),
    figureOf({ what: `${kind}, whole, bundle`, unit: 'ms', ours: wholeBundle }),
  ];
}

function layerOf({ annotations, ...rest }: Descriptor): Layer {
  const { mediaType, digest, size } = rest;
  return { mediaType, digest, size, annotations: { ...annotations } };
}

/** A whole verification; a verifier of its own each time, so that no verdict is remembered. */
function createWhole(
  key: SigningKey,
  signWith: typeof signLegacy | typeof signBundle,
): () => Promise<void> {
  const registry = createMemoryRegistry();
  signWith(registry, REPOSITORY, DIGEST, key);
  const policy = keyPolicy([key]);
  const keys = createKeyLoader();
  return async () => {
    const verifier = createVerifier({ registry, keys, now: Date.now });
    const verdict = await verifier.verify({ repository: REPOSITORY, digest: DIGEST }, policy);
    if (verdict.status !== 'verified') throw new Error(`Verdict is ${verdict.status}`);
  };
}

function expectAccepted(
  read: Omit<Evidence, 'source' | 'format' | 'subject'> | Refusal,
  format: Evidence['format'],
  { check }: AuthorityCheck,
): void {
  const result = isRefusal(read)
    ? read
    : check({ source: DIGEST, format, subject: DIGEST, ...read });
  if (isRefusal(result)) throw new Error(result.detail);
}
