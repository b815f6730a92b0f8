import type { Digest } from '#shared/core/digest.ts';

import { readBundleMaterial } from './bundle-material.ts';
import { type Evidence, isRefusal, type Refusal } from './candidate.ts';
import { readEnvelope } from './envelope.ts';
import { bundleSchema } from './schema.ts';
import { readStatement } from './statement.ts';
import { parseJson } from './strict-json.ts';

/**
 * Reads a sigstore bundle that carries a cosign signature over `subject`, or an attestation of one of `predicateTypes`:
 * one DSSE signature over an in-toto statement (sigstore bundle 0.3, DSSE 1.0). `source` is the manifest it came in.
 */
export function readBundleSignature(
  bytes: Uint8Array,
  subject: Digest,
  source: Digest,
  predicateTypes: ReadonlySet<string> = new Set(),
): Evidence | Refusal {
  const bundle = parseJson(bytes, bundleSchema, 'Bundle');
  if (isRefusal(bundle)) return bundle;
  const material = readBundleMaterial(bundle.mediaType, bundle.verificationMaterial);
  if (isRefusal(material)) return material;
  const envelope = readEnvelope(bundle.dsseEnvelope);
  if (isRefusal(envelope)) return envelope;
  const statement = readStatement(envelope.payload, subject, predicateTypes);
  if (isRefusal(statement)) return statement;
  return { source, format: 'bundle', subject, ...envelope, ...material, ...statement };
}
