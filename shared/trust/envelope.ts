import { decodeBase64 } from './base64.ts';
import { type Evidence, type Refusal, refuse } from './candidate.ts';
import type { EnvelopeJson } from './schema.ts';

/** The payload of a DSSE envelope with one signature, and the bytes that were signed. */
export function readEnvelope(
  envelope: EnvelopeJson,
): Pick<Evidence, 'payload' | 'signature' | 'signedBytes'> | Refusal {
  const payload = decodeBase64(envelope.payload);
  const signature = decodeBase64(envelope.signatures[0].sig);
  if (payload === undefined || signature === undefined) {
    return refuse('malformed', 'Bundle has a payload or signature that is not base64');
  }
  return { payload, signature, signedBytes: preAuthEncoding(envelope.payloadType, payload) };
}

/** DSSE 1.0, "Signature Definition": PAE(type, body). */
function preAuthEncoding(type: string, body: Buffer): Buffer {
  const prefix = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `;
  return Buffer.concat([Buffer.from(prefix), body]);
}
