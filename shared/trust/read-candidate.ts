import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Registry } from '#shared/registry/registry.ts';

import type { ByteBudget } from './budget.ts';
import { readBundleSignature } from './bundle.ts';
import { type Candidate, isRefusal, type Refusal, refuse } from './candidate.ts';
import { readDsseAttestation } from './dsse-attestation.ts';
import type { Gaps } from './gaps.ts';
import type { Lane } from './lane.ts';
import { readLegacySignature } from './legacy.ts';
import { MAX_BUNDLE_BYTES, MAX_PAYLOAD_BYTES } from './limits.ts';
import type { Found, SignatureLayer } from './manifest.ts';
import type { Place } from './places.ts';
import { refuseTooMuch } from './too-much.ts';

export interface CandidateReaderDeps {
  readonly registry: Registry;
  readonly lane: Lane;
  readonly gaps: Gaps;
  readonly place: Place;
  readonly budget: ByteBudget;
  /** The other form is refused unread: a policy that names one is never satisfied by a downgrade. */
  readonly format: TrustPolicy['format'];
  /** Of the attestations that the policy asks for. */
  readonly predicateTypes: ReadonlySet<string>;
}

/** Makes a reader that fetches each blob of a place once: signatures of one image often share their payload. */
export function createCandidateReader(
  deps: CandidateReaderDeps,
): (found: Found) => Promise<Candidate> {
  const { registry, lane, gaps, place, budget, format, predicateTypes } = deps;
  const blobs = new Map<Digest, Promise<Uint8Array | Refusal | undefined>>();

  function fetchOnce(digest: Digest, size: number): Promise<Uint8Array | Refusal | undefined> {
    const known = blobs.get(digest);
    if (known !== undefined) return known;
    const fetching = gaps.pass(() => lane(() => fetchBlob(digest, size)));
    blobs.set(digest, fetching);
    return fetching;
  }

  /** The claimed size is the cap, so a descriptor that lies costs no more than it says. */
  async function fetchBlob(digest: Digest, size: number): Promise<Uint8Array | Refusal> {
    if (!budget.take(size)) {
      return refuse('too-large', 'Signatures of this image are too large together');
    }
    const blob = registry.blob(place.repository, digest, size);
    const bytes = await refuseTooMuch(blob, 'too-large', `Blob ${digest}`);
    return bytes ?? refuse('malformed', `Blob ${digest} is absent`);
  }

  async function readLayer(found: SignatureLayer): Promise<Candidate | Refusal> {
    const { layer, manifest, isEnvelope } = found;
    if (format !== 'any' && format !== found.format) {
      return refuse('wrong-format', `Policy accepts only signatures of the ${format} form`);
    }
    const isPayload = found.format === 'legacy' && !isEnvelope;
    const maxBytes = isPayload ? MAX_PAYLOAD_BYTES : MAX_BUNDLE_BYTES;
    if (layer.size > maxBytes) {
      return refuse('too-large', `Signature has ${layer.size} bytes; ${maxBytes} are read`);
    }
    const bytes = await fetchOnce(layer.digest, layer.size);
    if (bytes === undefined) return refuse('malformed', `Blob ${layer.digest} cannot be fetched`);
    if (!(bytes instanceof Uint8Array)) return bytes;
    if (bytes.length !== layer.size) {
      return refuse('malformed', 'Signature has another size than its descriptor says');
    }
    if (isPayload) return readLegacySignature(layer, bytes, place.subject);
    return isEnvelope
      ? readDsseAttestation(layer, bytes, place.subject, predicateTypes)
      : readBundleSignature(bytes, place.subject, manifest, predicateTypes);
  }

  return async function read(found) {
    if ('refused' in found) return found;
    const { format: form, layer, manifest } = found;
    const source = form === 'legacy' ? layer.digest : manifest;
    const result = await readLayer(found);
    return isRefusal(result) ? { source, format: form, ...result } : result;
  };
}
