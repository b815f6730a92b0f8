import type { Digest } from '#shared/core/digest.ts';

import { decodeWrappedBase64 } from './base64.ts';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { type Layer, payloadSchema } from './schema.ts';
import { parseJson } from './strict-json.ts';

// Names as cosign's code writes them; its specification has others (facts/signatures.md section 1).
const SIGNATURE = 'dev.cosignproject.cosign/signature';
export const CERTIFICATE = 'dev.sigstore.cosign/certificate';

/**
 * Reads a legacy signature: the payload, a layer's blob, and the signature in the layer's annotation. The payload must
 * name `subject`: a signature copied from another image is `digest-mismatch`. Cosign checks neither type nor base64.
 */
export function readLegacySignature(
  layer: Layer,
  payload: Uint8Array,
  subject: Digest,
): Evidence | Refusal {
  // `base64 | cosign attach signature` stores the text as it came (cosign, "Signing with a KMS key by hand").
  const signature = decodeWrappedBase64(layer.annotations?.[SIGNATURE] ?? '');
  if (signature === undefined) {
    return refuse('malformed', `Annotation ${SIGNATURE} is missing or not base64`);
  }
  const parsed = parseJson(payload, payloadSchema, 'Payload');
  if (isRefusal(parsed)) return parsed;
  const signed = parsed.critical.image['docker-manifest-digest'];
  if (signed !== subject) {
    return refuse('digest-mismatch', `Signature is for ${signed}, not for ${subject}`);
  }
  return {
    source: layer.digest,
    format: 'legacy',
    subject,
    signedBytes: Buffer.from(payload),
    signature,
    payload: Buffer.from(payload),
    proof: { form: 'annotations', annotations: layer.annotations ?? {} },
    material: { type: layer.annotations?.[CERTIFICATE] ? 'certificate' : 'unnamed' },
    claims: [parsed.optional ?? {}],
  };
}
