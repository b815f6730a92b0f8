import { CountersignError } from '#shared/core/errors.ts';
import type { TrustedRootSource, TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';

import { type Artifact, readArtifact } from './artifact.ts';
import { readArtifactBundle } from './artifact-bundle.ts';
import { type AuthorityDeps, prepareAuthority } from './authority.ts';
import { type Candidate, isRefusal, refuse } from './candidate.ts';
import { judge } from './judge.ts';
import { createKeyLoader } from './keys.ts';
import { MAX_BUNDLE_BYTES } from './limits.ts';
import { createTrustRootLoader } from './trust-roots.ts';

export interface BundleInput {
  /** A sigstore bundle: its JSON text, or the value of it. */
  readonly bundle: unknown;
  /** The bytes that it is about, or their `sha256:` digest. */
  readonly artifact: Uint8Array | string;
  readonly policy: TrustPolicy;
  /** In place of those that the policy names: `public-good`, or a `trusted_root.json` as text or value. */
  readonly trustedRoot?: string | object;
}

/** Without a clock, a log whose key ever ends vouches for nothing that has no time of its own. */
const END_OF_TIME = 8.64e15;

/**
 * The verdict on one sigstore bundle over an artifact, with no registry: a signature over the artifact itself, or over
 * an in-toto statement about it with any predicate. Throws what `Verifier.verify` throws, and `bad-request` for an
 * artifact that is none.
 */
export async function verifyBundle(
  { bundle, artifact, policy, trustedRoot }: BundleInput,
  deps: Partial<AuthorityDeps> = {},
): Promise<Verdict> {
  const { authorities, require, attestations, allowUnsigned, format } = policy;
  if (attestations.length > 0)
    throw badPolicy(policy, 'has attestations, which one bundle cannot meet');
  if (authorities.length === 0 && !allowUnsigned) throw badPolicy(policy, 'names no authority');
  if (authorities.length > 0 && !(Number.isInteger(require) && require >= 1)) {
    throw badPolicy(policy, 'needs a require of 1 or more');
  }
  const now = deps.now ?? (() => END_OF_TIME);
  const { keys = createKeyLoader(), roots = createTrustRootLoader({ now }) } = deps;
  const root = trustedRoot === undefined ? {} : { trustedRoot: toSource(trustedRoot) };
  const checks = await Promise.all(
    authorities.map((authority) =>
      prepareAuthority({ ...authority, ...root }, { keys, roots, now }),
    ),
  );
  const candidate = readCandidate(bundle, await readArtifact(artifact), format);
  return judge([candidate], checks, policy);
}

function readCandidate(bundle: unknown, about: Artifact, format: TrustPolicy['format']): Candidate {
  const refused = { source: about.digest, format: 'bundle' as const };
  if (format === 'legacy') {
    return { ...refused, ...refuse('wrong-format', 'Policy accepts only legacy signatures') };
  }
  const bytes = toBytes(bundle);
  if (bytes === undefined) return { ...refused, ...refuse('malformed', 'Bundle is not JSON') };
  if (bytes.length > MAX_BUNDLE_BYTES) {
    return { ...refused, ...refuse('too-large', `Bundle has ${bytes.length} bytes`) };
  }
  const evidence = readArtifactBundle(bytes, about);
  return isRefusal(evidence) ? { ...refused, ...evidence } : evidence;
}

function toBytes(bundle: unknown): Uint8Array | undefined {
  if (typeof bundle === 'string') return Buffer.from(bundle);
  if (bundle instanceof Uint8Array) return bundle;
  try {
    // Typed as text, and undefined for what JSON does not have.
    const text: string | undefined = JSON.stringify(bundle);
    return text === undefined ? undefined : Buffer.from(text);
  } catch {
    return undefined;
  }
}

function toSource(root: string | object): TrustedRootSource {
  if (root === 'public-good') return root;
  if (typeof root === 'string') return { json: root };
  return 'json' in root && typeof root.json === 'string'
    ? { json: root.json }
    : { json: JSON.stringify(root) };
}

function badPolicy({ name }: TrustPolicy, problem: string): CountersignError {
  return new CountersignError('bad-config', `Trust policy "${name}" ${problem}`);
}
