import { createKeyLoader } from '#shared/trust/keys.ts';
import { createTrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { legacyPayload, putBundle, putSignatureTag, SIMPLE_SIGNING } from '#test/fakes/cosign.ts';
import {
  createMemoryRegistry,
  digestOf,
  type MemoryRegistry,
} from '#test/fakes/memory-registry.ts';
import { keylessPolicy } from '#test/fixtures/sigstore/policies.ts';
import { createPrivateSigstore } from '#test/fixtures/sigstore/private-sigstore.ts';
import {
  keylessBundle,
  legacyAnnotations,
  type ProofParts,
} from '#test/fixtures/sigstore/sign-keyless.ts';

import { type Figure, figureOf } from '../frame/figure.ts';
import { measure } from '../frame/measure.ts';

const REPOSITORY = 'registry.example/configs/platform';
const DIGEST = digestOf(Buffer.from('image'));
const PAYLOAD = Buffer.from(legacyPayload(DIGEST));

const FORMS: readonly [string, 'legacy' | 'bundle', ProofParts][] = [
  ['legacy, Rekor 1', 'legacy', {}],
  ['legacy, Rekor 1, timestamp', 'legacy', { stamped: true }],
  ['bundle, Rekor 1', 'bundle', {}],
  ['bundle, Rekor 2, timestamp', 'bundle', { log: 2 }],
];

/** A whole verification by identity over a registry in memory, the trusted root at hand. */
export async function benchKeyless(): Promise<readonly Figure[]> {
  const sigstore = await createPrivateSigstore();
  const signer = await sigstore.certify();
  const now = (): number => sigstore.now.getTime();
  const keys = createKeyLoader();
  const roots = createTrustRootLoader({ now });
  const policy = keylessPolicy(sigstore.root());
  const runs: (() => Promise<void>)[] = [];
  for (const [, form, parts] of FORMS) {
    const registry = createMemoryRegistry();
    if (form === 'bundle') {
      const bundle = await keylessBundle(sigstore, signer, DIGEST, parts);
      registry.addReferrer(REPOSITORY, DIGEST, putBundle(registry, REPOSITORY, DIGEST, bundle));
    } else {
      putLegacy(registry, await legacyAnnotations(sigstore, signer, PAYLOAD, parts));
    }
    runs.push(async () => {
      const verifier = createVerifier({ registry, keys, roots, now });
      const verdict = await verifier.verify({ repository: REPOSITORY, digest: DIGEST }, policy);
      if (verdict.status !== 'verified') throw new Error(`Verdict is ${verdict.status}`);
    });
  }
  const times = await measure(...runs);
  return FORMS.map(([name], at) =>
    figureOf({ what: `identity, whole, ${name}`, unit: 'ms', ours: times[at] ?? [] }),
  );
}

function putLegacy(registry: MemoryRegistry, annotations: Readonly<Record<string, string>>): void {
  const blob = registry.putBlob(REPOSITORY, PAYLOAD);
  putSignatureTag(registry, REPOSITORY, DIGEST, [
    { ...blob, mediaType: SIMPLE_SIGNING, annotations },
  ]);
}
