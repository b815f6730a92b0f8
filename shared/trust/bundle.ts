import type { Digest } from '#shared/core/digest.ts';

import { decodeBase64 } from './base64.ts';
import { type Evidence, isRefusal, type KeyMaterial, type Refusal, refuse } from './candidate.ts';
import { MAX_LOG_ENTRIES, MAX_TIMESTAMPS } from './limits.ts';
import { isBundleMediaType } from './media-types.ts';
import { type BundleJson, bundleSchema } from './schema.ts';
import { readSignatureStatement } from './statement.ts';
import { parseJson } from './strict-json.ts';

/**
 * Reads a sigstore bundle that carries a cosign signature over `subject`: one DSSE signature over an in-toto statement
 * (sigstore bundle 0.3, DSSE 1.0). `source` is the manifest it came in.
 */
export function readBundleSignature(
  bytes: Uint8Array,
  subject: Digest,
  source: Digest,
): Evidence | Refusal {
  const bundle = parseJson(bytes, bundleSchema, 'Bundle');
  if (isRefusal(bundle)) return bundle;
  if (!isBundleMediaType(bundle.mediaType)) {
    return refuse('malformed', 'Bundle is of an unknown version');
  }
  const material = readKeyMaterial(bundle.verificationMaterial);
  if (isRefusal(material)) return material;
  const { dsseEnvelope: envelope } = bundle;
  const payload = decodeBase64(envelope.payload);
  const signature = decodeBase64(envelope.signatures[0].sig);
  if (payload === undefined || signature === undefined) {
    return refuse('malformed', 'Bundle has a payload or signature that is not base64');
  }
  const statement = readSignatureStatement(payload, subject);
  if (isRefusal(statement)) return statement;
  const signedBytes = preAuthEncoding(envelope.payloadType, payload);
  return { source, format: 'bundle', subject, signedBytes, signature, material, ...statement };
}

function readKeyMaterial(material: BundleJson['verificationMaterial']): KeyMaterial | Refusal {
  const { publicKey, certificate, x509CertificateChain, tlogEntries } = material;
  const stamps = material.timestampVerificationData?.rfc3161Timestamps;
  if ((tlogEntries?.length ?? 0) > MAX_LOG_ENTRIES) {
    return refuse('too-many', `Bundle has more than ${MAX_LOG_ENTRIES} log entries`);
  }
  if ((stamps?.length ?? 0) > MAX_TIMESTAMPS) {
    return refuse('too-many', `Bundle has more than ${MAX_TIMESTAMPS} timestamps`);
  }
  const kinds = [publicKey, certificate, x509CertificateChain].filter((one) => one !== undefined);
  if (kinds.length !== 1) {
    return refuse('malformed', 'Bundle needs exactly one of publicKey and certificate');
  }
  return publicKey === undefined
    ? { type: 'certificate' }
    : { type: 'public-key', hint: publicKey.hint ?? '' };
}

/** DSSE 1.0, "Signature Definition": PAE(type, body). */
function preAuthEncoding(type: string, body: Buffer): Buffer {
  const prefix = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `;
  return Buffer.concat([Buffer.from(prefix), body]);
}
