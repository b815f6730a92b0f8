import { createHash } from 'node:crypto';

import * as z from 'zod';

import { CountersignError } from '#shared/core/errors.ts';
import type { TrustedRootSource, TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';

import { loadPrehashed } from './algorithms.ts';
import { type AuthorityDeps, badPolicy, checkAuthorities, prepareAuthority } from './authority.ts';
import {
  type Candidate,
  type Evidence,
  isRefusal,
  type Refusal,
  refuse,
  type SignedDigest,
} from './candidate.ts';
import { decodeBase64 } from './encoding.ts';
import { judgeCandidates } from './judge-candidates.ts';
import { createKeyLoader } from './keys.ts';
import { MAX_BUNDLE_BYTES } from './limits.ts';
import { materialSchema, readBundleMaterial } from './read-candidate.ts';
import {
  type EnvelopeJson,
  envelopeSchema,
  readEnvelope,
  readStatementAbout,
} from './statement.ts';
import { parseJson } from './strict-json.ts';
import { createTrustRootLoader } from './trust-roots.ts';

const base64 = z.string().min(1);

/** A signature over the artifact itself: sigstore_common.proto, `MessageSignature`. */
const messageSchema = z.object({
  messageDigest: z.object({
    algorithm: z.enum(['SHA2_256', 'SHA2_384', 'SHA2_512']),
    digest: base64,
  }),
  signature: base64,
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

type MessageJson = z.infer<typeof messageSchema>;

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
 * an in-toto statement about it with any predicate. A public entry: no function of Countersign calls it. Its callers are
 * programs that have artifact and bundle at hand, such as a client of sigstore's conformance suite, and the tests that
 * verify with it bundles that other programs made. Throws what `Verifier.verify` throws, and `bad-request` for an
 * artifact that is none.
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
  const candidate = readCandidate(bundle, await readArtifact(artifact), format);
  return judgeCandidates([candidate], checks, policy);
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

/** What a bundle is about. */
interface Artifact {
  /** As it was given, or by SHA-256. */
  readonly digest: string;
  /** Where they are at hand. */
  readonly bytes: Buffer | undefined;
  readonly signedDigest: SignedDigest | undefined;
  /** Whether it has this digest, in hex; false by a hash that it is not known by. */
  readonly has: (algorithm: string, hex: string) => boolean;
}

/** Hashes that statements and bundles name artifacts by. */
const DIGEST = /^(sha256|sha384|sha512):((?:[0-9a-f]{32}){2,4})$/;
const HEX_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Reads bytes, or the digest of bytes that are elsewhere. Throws `bad-request` for other text. */
async function readArtifact(artifact: Uint8Array | string): Promise<Artifact> {
  if (typeof artifact !== 'string') return describeBytes(Buffer.from(artifact));
  const [, known = '', hex = ''] = DIGEST.exec(artifact) ?? [];
  if (HEX_LENGTHS[known] !== hex.length) {
    throw new CountersignError('bad-request', 'Artifact is neither bytes nor a sha256: digest');
  }
  return {
    digest: artifact,
    bytes: undefined,
    signedDigest: known === 'sha256' ? await describeDigest(hex) : undefined,
    has: (algorithm, claimed) => algorithm === known && claimed === hex,
  };
}

function describeBytes(bytes: Buffer): Artifact {
  const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
  return {
    digest: `sha256:${hash('sha256')}`,
    bytes,
    signedDigest: undefined,
    has: (algorithm, hex) => Object.hasOwn(HEX_LENGTHS, algorithm) && hash(algorithm) === hex,
  };
}

async function describeDigest(hex: string): Promise<SignedDigest> {
  return { sha256: Buffer.from(hex, 'hex'), verify: await loadPrehashed() };
}

type Content = Pick<Evidence, 'signedBytes' | 'signature' | 'payload' | 'claims'> &
  Partial<Pick<Evidence, 'signedDigest'>>;

const HASHES = { SHA2_256: 'sha256', SHA2_384: 'sha384', SHA2_512: 'sha512' };

/** Reads a sigstore bundle of either content over an artifact: a signature over it, or over a statement about it. */
function readArtifactBundle(bytes: Uint8Array, artifact: Artifact): Evidence | Refusal {
  const bundle = parseJson(bytes, artifactBundleSchema, 'Bundle');
  if (isRefusal(bundle)) return bundle;
  const material = readBundleMaterial(bundle.mediaType, bundle.verificationMaterial);
  if (isRefusal(material)) return material;
  const { messageSignature: message, dsseEnvelope: envelope } = bundle;
  const content =
    message === undefined ? readSigned(envelope, artifact) : readMessage(message, artifact);
  if (isRefusal(content)) return content;
  const { digest } = artifact;
  return { source: digest, format: 'bundle', subject: digest, ...material, ...content };
}

function readSigned(envelope: EnvelopeJson | undefined, artifact: Artifact): Content | Refusal {
  if (envelope === undefined) return refuse('malformed', 'Bundle has no content');
  const opened = readEnvelope(envelope);
  if (isRefusal(opened)) return opened;
  const statement = readStatementAbout(opened.payload, artifact);
  return isRefusal(statement) ? statement : { ...opened, ...statement };
}

function readMessage(message: MessageJson, artifact: Artifact): Content | Refusal {
  const signature = decodeBase64(message.signature);
  const claimed = decodeBase64(message.messageDigest.digest);
  if (signature === undefined || claimed === undefined) {
    return refuse('malformed', 'Bundle has a signature or digest that is not base64');
  }
  // The library never compares it: the bundle would say that it is about something else than it signs.
  if (!artifact.has(HASHES[message.messageDigest.algorithm], claimed.toString('hex'))) {
    return refuse('digest-mismatch', `Signature is not for ${artifact.digest}`);
  }
  const { bytes = Buffer.alloc(0), signedDigest } = artifact;
  const known = { signature, signedBytes: bytes, payload: bytes, claims: [{}] };
  if (artifact.bytes !== undefined) return known;
  if (signedDigest !== undefined) return { ...known, signedDigest };
  return refuse('unsupported-algorithm', 'Artifact is known by no digest that was signed');
}
