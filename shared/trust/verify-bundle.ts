import { createHash } from 'node:crypto';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustedRootSource, TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { loadPrehashed } from './algorithms.ts';
import { type Evidence, isRefusal, type Refusal, refuse, type SignedDigest } from './candidate.ts';
import { base64Bytes, parseJson } from './foreign-bytes.ts';
import { judgeCandidates } from './judge-candidates.ts';
import { createKeyLoader } from './keys.ts';
import { MAX_BUNDLE_BYTES } from './limits.ts';
import { materialSchema, readBundleMaterial } from './read-candidate.ts';
import { type About, envelopeSchema, readStatementAbout } from './statement.ts';
import { createTrustRootLoader } from './trust-roots.ts';
import { type AuthorityDeps, badPolicy, checkAuthorities, prepareAuthority } from './verifier.ts';

/** A signature over the artifact itself: sigstore_common.proto, `MessageSignature`. */
const messageSchema = z.object({
  messageDigest: z.object({
    algorithm: z.enum(['SHA2_256', 'SHA2_384', 'SHA2_512']),
    digest: base64Bytes,
  }),
  signature: base64Bytes,
});

/** A bundle with one content: the first of two would be verified, and the other believed. */
const artifactBundleSchema = z
  .object({
    mediaType: z.string(),
    verificationMaterial: materialSchema,
    messageSignature: messageSchema.optional(),
    dsseEnvelope: envelopeSchema.optional(),
  })
  .refine(
    (bundle) => (bundle.messageSignature === undefined) !== (bundle.dsseEnvelope === undefined),
  );

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
 * The verdict on one sigstore bundle over an artifact, with no registry: a signature over the artifact itself, or over an
 * in-toto statement about it with any predicate. A public entry, for programs that have both at hand, such as a client of
 * sigstore's conformance suite: no function of Countersign calls it. Throws what `Verifier.verify` throws, and `bad-request`.
 *
 * @example
 * const verdict = await verifyBundle({ bundle: text, artifact: bytes, policy, trustedRoot: 'public-good' });
 */
export async function verifyBundle(
  { bundle, artifact, policy, trustedRoot }: BundleInput,
  deps: Partial<AuthorityDeps> = {},
): Promise<Verdict> {
  const { authorities, attestations, format } = policy;
  if (attestations.length > 0)
    throw badPolicy(policy, 'has attestations, which one bundle cannot meet');
  checkAuthorities(policy);
  const now = deps.now ?? (() => END_OF_TIME);
  const { keys = createKeyLoader(), roots = createTrustRootLoader({ now }) } = deps;
  const root = trustedRoot === undefined ? {} : { trustedRoot: toSource(trustedRoot) };
  const checks = await Promise.all(
    authorities.map((authority) =>
      prepareAuthority({ ...authority, ...root }, { keys, roots, now }),
    ),
  );
  const about = await readArtifact(artifact);
  const evidence = readArtifactBundle(bundle, about, format);
  const candidate = isRefusal(evidence)
    ? { source: about.digest, format: 'bundle' as const, ...evidence }
    : evidence;
  return judgeCandidates([candidate], checks, policy);
}

function toSource(root: string | object): TrustedRootSource {
  if (root === 'public-good') return root;
  if (typeof root === 'string') return { json: root };
  return 'json' in root && typeof root.json === 'string'
    ? { json: root.json }
    : { json: JSON.stringify(root) };
}

/** What a bundle is about: bytes that are at hand, or their digest, as it was given. */
interface Artifact extends About {
  readonly bytes?: Buffer;
  readonly signedDigest?: SignedDigest;
}

/** Hashes that statements and bundles name artifacts by. */
const DIGEST = /^(sha256|sha384|sha512):((?:[0-9a-f]{32}){2,4})$/;
const HEX_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Reads bytes, or the digest of bytes that are elsewhere. Throws `bad-request` for other text. */
async function readArtifact(artifact: Uint8Array | string): Promise<Artifact> {
  if (typeof artifact !== 'string') {
    const bytes = Buffer.from(artifact);
    const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
    return {
      digest: `sha256:${hash('sha256')}`,
      bytes,
      has: (algorithm, hex) => Object.hasOwn(HEX_LENGTHS, algorithm) && hash(algorithm) === hex,
    };
  }
  const [, known = '', hex = ''] = DIGEST.exec(artifact) ?? [];
  if (HEX_LENGTHS[known] !== hex.length) {
    throw new CountersignError('bad-request', 'Artifact is neither bytes nor a sha256: digest');
  }
  const has: About['has'] = (algorithm, claimed) => algorithm === known && claimed === hex;
  if (known !== 'sha256') return { digest: artifact, has };
  const signedDigest = { sha256: Buffer.from(hex, 'hex'), verify: await loadPrehashed() };
  return { digest: artifact, has, signedDigest };
}

/** Reads a sigstore bundle of either content over an artifact: a signature over it, or over a statement about it. */
function readArtifactBundle(
  foreign: unknown,
  artifact: Artifact,
  format: TrustPolicy['format'],
): Evidence | Refusal {
  if (format === 'legacy') return refuse('wrong-format', 'Policy accepts only legacy signatures');
  const bytes = toBytes(foreign);
  if (bytes === undefined) return refuse('malformed', 'Bundle is not JSON');
  if (bytes.length > MAX_BUNDLE_BYTES) {
    return refuse('too-large', `Bundle has ${bytes.length} bytes`);
  }
  const bundle = parseJson(bytes, artifactBundleSchema, 'Bundle');
  if (isRefusal(bundle)) return bundle;
  const material = readBundleMaterial(bundle.mediaType, bundle.verificationMaterial);
  if (isRefusal(material)) return material;
  const content = readContent(bundle, artifact);
  if (isRefusal(content)) return content;
  const { digest } = artifact;
  return { source: digest, format: 'bundle', subject: digest, ...material, ...content };
}

function toBytes(bundle: unknown): Uint8Array | undefined {
  if (typeof bundle === 'string') return Buffer.from(bundle);
  if (bundle instanceof Uint8Array) return bundle;
  try {
    // JSON gives nothing for what it does not have, which is no text.
    return Buffer.from(JSON.stringify(bundle));
  } catch {
    return undefined;
  }
}

const HASHES = { SHA2_256: 'sha256', SHA2_384: 'sha384', SHA2_512: 'sha512' };

function readContent(
  { messageSignature: message, dsseEnvelope: envelope }: z.infer<typeof artifactBundleSchema>,
  artifact: Artifact,
): Pick<Evidence, 'signedBytes' | 'signature' | 'payload' | 'claims' | 'signedDigest'> | Refusal {
  if (envelope !== undefined) {
    const statement = readStatementAbout(envelope.payload, artifact);
    return isRefusal(statement) ? statement : { ...envelope, ...statement };
  }
  if (message === undefined) return refuse('malformed', 'Bundle has no content');
  const { signature, messageDigest } = message;
  // The library never compares it: the bundle would say that it is about something else than it signs.
  if (!artifact.has(HASHES[messageDigest.algorithm], messageDigest.digest.toString('hex'))) {
    return refuse('digest-mismatch', `Signature is not for ${artifact.digest}`);
  }
  const { bytes, signedDigest } = artifact;
  if (bytes === undefined && signedDigest === undefined) {
    return refuse('unsupported-algorithm', 'Artifact is known by no digest that was signed');
  }
  const known = bytes ?? Buffer.alloc(0);
  return {
    signature,
    signedBytes: known,
    payload: known,
    claims: [{}],
    ...defined({ signedDigest }),
  };
}
