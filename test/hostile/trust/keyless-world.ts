import type { KeylessAuthority, TrustPolicy } from '#shared/core/policy.ts';
import { reasonsOf, type CandidateReason } from '#shared/core/verdict.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createTrustRootLoader } from '#shared/trust/trust-roots.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { legacyPayload, putBundle, putSignatureTag, SIMPLE_SIGNING } from '#test/fakes/cosign.ts';
import { createMemoryRegistry } from '#test/fakes/memory-registry.ts';
import {
  createHostileAuthority,
  type HostileAuthority,
  type LeafParts,
} from '#test/fixtures/sigstore/hostile-authority.ts';
import { keylessPolicy } from '#test/fixtures/sigstore/policies.ts';
import {
  createPrivateSigstore,
  type PrivateSigstore,
  type RootParts,
  type Signer,
  trustAuthority,
} from '#test/fixtures/sigstore/private-sigstore.ts';
import {
  type BundleParts,
  type EntryJson,
  keylessBundle,
  legacyAnnotations,
  type ProofParts,
} from '#test/fixtures/sigstore/sign-keyless.ts';

import { REPOSITORY, VICTIM } from './world.ts';

export const HOUR_MS = 3_600_000;

/** A private sigstore, who may sign there, and who should not be believed. */
export interface KeylessWorld {
  readonly sigstore: PrivateSigstore;
  /** Whom the policy names. */
  readonly signer: Signer;
  /** Certified by the same authority, under another name. */
  readonly stranger: Signer;
  /** The same services an hour later, with keys of their own. */
  readonly late: PrivateSigstore;
  readonly hostile: HostileAuthority;
}

/** What an attacker pushes, and what it is pushed against. */
export interface Attack {
  readonly bundles?: readonly unknown[];
  /** Annotations of legacy signatures. */
  readonly layers?: readonly Readonly<Record<string, string>>[];
  readonly root?: string;
  readonly policy?: (root: string) => TrustPolicy;
}

export interface KeylessCase {
  /** Number in docs/threat-model.md#attacks-on-signatures. */
  readonly fact: number;
  readonly name: string;
  /** Where it worked once. */
  readonly advisory: string;
  readonly arrange: (world: KeylessWorld) => Promise<Attack>;
  readonly expected: CandidateReason | 'verified';
}

/** Makes the world that all cases of a file share. */
export async function createKeylessWorld(): Promise<KeylessWorld> {
  const sigstore = await createPrivateSigstore();
  return {
    sigstore,
    signer: await sigstore.certify(),
    stranger: await sigstore.certify('https://ci.example/other'),
    late: await createPrivateSigstore(HOUR_MS),
    hostile: await createHostileAuthority(sigstore),
  };
}

/** Pushes an attack and looks at what comes of it: the status, or the reasons. */
export async function withstand(world: KeylessWorld, attack: Attack): Promise<readonly string[]> {
  const registry = createMemoryRegistry();
  for (const bundle of attack.bundles ?? []) {
    registry.addReferrer(REPOSITORY, VICTIM, putBundle(registry, REPOSITORY, VICTIM, bundle));
  }
  const blob = registry.putBlob(REPOSITORY, PAYLOAD);
  const layers = attack.layers ?? [];
  if (layers.length > 0) {
    const described = layers.map((annotations) => ({
      ...blob,
      mediaType: SIMPLE_SIGNING,
      annotations,
    }));
    putSignatureTag(registry, REPOSITORY, VICTIM, described);
  }
  const { root = world.sigstore.root(), policy = keylessPolicy } = attack;
  const now = (): number => world.sigstore.now.getTime();
  const roots = createTrustRootLoader({ now });
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now, roots });
  const subject = { repository: REPOSITORY, digest: VICTIM };
  const verdict = await verifier.verify(subject, policy(root));
  const reasons = verdict.status === 'verified' ? [] : reasonsOf(verdict);
  return reasons.length === 0 ? [verdict.status] : reasons;
}

export const PAYLOAD = Buffer.from(legacyPayload(VICTIM));

/** A bundle by the right signer over the right image. */
export function goodBundle(world: KeylessWorld, parts: ProofParts = {}): Promise<BundleParts> {
  return keylessBundle(world.sigstore, world.signer, VICTIM, parts);
}

/** The annotations of a legacy signature by the right signer over the right image. */
export function goodLayer(
  world: KeylessWorld,
  parts: ProofParts = {},
): Promise<Record<string, string>> {
  return legacyAnnotations(world.sigstore, world.signer, PAYLOAD, parts);
}

/** A good bundle with its log entries edited. */
export function withEntries(
  parts: ProofParts,
  edit: (entries: readonly EntryJson[]) => readonly unknown[],
): KeylessCase['arrange'] {
  return async (world) => {
    const bundle = await goodBundle(world, parts);
    const { tlogEntries } = bundle.verificationMaterial;
    return { bundles: [withMaterial(bundle, { tlogEntries: edit(tlogEntries) })] };
  };
}

/** A good bundle with its only log entry edited. */
export function withEntry(
  parts: ProofParts,
  edit: (entry: EntryJson) => unknown,
): KeylessCase['arrange'] {
  return withEntries(parts, (entries) => entries.map(edit));
}

export function withMaterial(bundle: BundleParts, parts: object): object {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...parts } };
}

/** A good legacy signature with one annotation edited. */
export function withAnnotation(
  name: 'certificate' | 'bundle' | 'rfc3161timestamp',
  edit: (text: string) => string,
): KeylessCase['arrange'] {
  return async (world) => {
    const layer = await goodLayer(world, { stamped: true });
    const key = `dev.sigstore.cosign/${name}`;
    return { layers: [{ ...layer, [key]: edit(layer[key] ?? '') }] };
  };
}

/** The root with the hostile authority in it, as one that a policy trusts. */
export function rootWith(
  { sigstore }: KeylessWorld,
  authority: HostileAuthority,
  parts: RootParts = {},
): string {
  const { certificateAuthorities } = sigstore.parts;
  const added = [...certificateAuthorities, trustAuthority(authority.root)];
  return sigstore.root({ certificateAuthorities: added, ...parts });
}

/** A bundle by a leaf of an authority that is trusted, and that issues what it should not. */
export function withLeaf(
  leaf: LeafParts | ((world: KeylessWorld) => Promise<LeafParts>),
  policy: Partial<KeylessAuthority> = {},
): KeylessCase['arrange'] {
  return async (world) => {
    const parts = typeof leaf === 'function' ? await leaf(world) : leaf;
    const signer = await world.hostile.issue(parts);
    return {
      bundles: [await keylessBundle(world.sigstore, signer, VICTIM)],
      root: rootWith(world, world.hostile),
      policy: (root) => keylessPolicy(root, policy),
    };
  };
}

/** An edited JSON text. */
export function editJson(edit: (value: Record<string, unknown>) => unknown) {
  return (text: string): string => JSON.stringify(edit(JSON.parse(text)));
}
