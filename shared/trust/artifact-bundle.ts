import type { Artifact } from './artifact.ts';
import { artifactBundleSchema, type MessageJson } from './artifact-schema.ts';
import { decodeBase64 } from './base64.ts';
import { readBundleMaterial } from './bundle-material.ts';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { readEnvelope } from './envelope.ts';
import type { EnvelopeJson } from './schema.ts';
import { readStatementAbout } from './statement-about.ts';
import { parseJson } from './strict-json.ts';

type Content = Pick<Evidence, 'signedBytes' | 'signature' | 'payload' | 'claims'> &
  Partial<Pick<Evidence, 'signedDigest'>>;

const HASHES = { SHA2_256: 'sha256', SHA2_384: 'sha384', SHA2_512: 'sha512' };

/** Reads a sigstore bundle of either content over an artifact: a signature over it, or over a statement about it. */
export function readArtifactBundle(bytes: Uint8Array, artifact: Artifact): Evidence | Refusal {
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
