import type { Digest } from '#shared/core/digest.ts';

import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { readEnvelope } from './envelope.ts';
import { CERTIFICATE } from './legacy.ts';
import { envelopeSchema, type Layer } from './schema.ts';
import { readStatement } from './statement.ts';
import { parseJson } from './strict-json.ts';

/**
 * Reads an attestation of the legacy form: a DSSE envelope as a layer, the certificate and log entry in the layer's
 * annotations. What the annotations say of its predicate type is not looked at: the statement's is signed.
 */
export function readDsseAttestation(
  layer: Layer,
  bytes: Uint8Array,
  subject: Digest,
  predicateTypes: ReadonlySet<string>,
): Evidence | Refusal {
  const parsed = parseJson(bytes, envelopeSchema, 'Envelope');
  if (isRefusal(parsed)) return parsed;
  const envelope = readEnvelope(parsed);
  if (isRefusal(envelope)) return envelope;
  const statement = readStatement(envelope.payload, subject, predicateTypes);
  if (isRefusal(statement)) return statement;
  if (statement.attestation === undefined) {
    return refuse('malformed', 'Signature is where attestations are, in a form that none has');
  }
  const annotations = layer.annotations ?? {};
  return {
    source: layer.digest,
    format: 'legacy',
    subject,
    ...envelope,
    ...statement,
    // Cosign stamps what the layer's signature annotation would be over, which is empty (`VerifyRFC3161Timestamp`).
    stampedBytes: Buffer.from(bytes),
    material: { type: annotations[CERTIFICATE] ? 'certificate' : 'unnamed' },
    proof: { form: 'annotations', annotations },
  };
}
