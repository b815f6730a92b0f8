import { registerHooks } from 'node:module';

// Verifies by keys only, or by an identity, and prints which modules that took; run by lazy-loading.test.ts.
const loaded = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    loaded.add(resolved.url);
    return resolved;
  },
});

const { createVerifier } = await import('#shared/trust/verifier.ts');
const { createKeyLoader } = await import('#shared/trust/keys.ts');
const { createTrustRootLoader } = await import('#shared/trust/trust-roots.ts');
const { createMemoryRegistry, digestOf } = await import('#test/fakes/memory-registry.ts');
const { createSigningKey, keyPolicy, signBundle, signLegacy } = await import(
  '#test/fakes/cosign.ts'
);

const registry = createMemoryRegistry();
const repository = 'registry.example/configs/platform';
const digest = digestOf(Buffer.from('image'));
const key = createSigningKey();
signBundle(registry, repository, digest, key);
signLegacy(registry, repository, digest, key);
const now = (): number => 0;
const fetchPublicGood = (): Promise<string> => Promise.reject(new Error('fetched'));
const roots = createTrustRootLoader({ now, fetchPublicGood });
const verifier = createVerifier({ registry, keys: createKeyLoader(), now, roots });
const { status } = await verifier.verify({ repository, digest }, keyPolicy([key]));
const byKey = [...loaded];

loaded.clear();
const mediaType = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const keyless = keyPolicy([], {
  require: 1,
  authorities: [
    {
      type: 'keyless',
      name: 'ci',
      issuer: 'https://issuer.example',
      subject: { pattern: '^x$' },
      annotations: {},
      claims: {},
      trustedRoot: { json: JSON.stringify({ mediaType }) },
    },
  ],
});
await verifier.verify({ repository, digest }, keyless);
const byIdentity = [...loaded];
process.stdout.write(`${JSON.stringify({ message: 'Loaded', status, byKey, byIdentity })}\n`);
