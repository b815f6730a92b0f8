import { bulkhead } from 'cockatiel';
import { type Digest, hexOf } from '#shared/core/digest.ts';
import type { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { predicateTypesOf } from '#shared/core/predicate-types.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { Descriptor, Manifest, Referrers, Registry } from '#shared/registry/registry.ts';
import { type Candidate, isRefusal, type Refusal, refuse } from './candidate.ts';
import { MAX_CONCURRENT_FETCHES, MAX_DISCOVERY_MS, MAX_REFERRERS } from './limits.ts';
import { readCandidate, type Wanted } from './read-candidate.ts';
import { createPlaceReader, type Place, type PlaceDeps } from './read-place.ts';
import {
  capSignatures,
  type Found,
  POSSIBLE_TYPES,
  readFallbackIndex,
  readSignatureManifest,
  type Via,
} from './signature-manifest.ts';

/** What is verified: a manifest, and the index that it was proved to be a child of. */
export interface Subject {
  /** Normalised `host/path`. */
  readonly repository: string;
  readonly digest: Digest;
  readonly index?: Digest;
}

/**
 * Every signature candidate of a subject, each fetched once however many authorities will look at it. All places are
 * always asked: a registry's referrers API may answer with an empty list (notation#1222). Throws what a retry may mend,
 * and every failure of the referrers API; what a registry answers for good instead of a tag, manifest or blob is a gap,
 * which may hold further candidates: with one, "unsigned" and "untrusted" are no answer.
 */
export async function discover(
  subject: Subject,
  policy: TrustPolicy,
  deps: {
    readonly registry: Registry;
    readonly timeoutMs?: number;
    /** No request begins any more once it is aborted. */
    readonly signal?: AbortSignal;
  },
): Promise<{ candidates: readonly Candidate[]; gaps: readonly CountersignError[] }> {
  const { registry, timeoutMs = MAX_DISCOVERY_MS, signal: given } = deps;
  return withDeadline(timeoutMs, `Finding the signatures of ${subject.digest}`, async (late) => {
    const signal = given === undefined ? late : AbortSignal.any([given, late]);
    const types = policy.attestations.flatMap((rule) => predicateTypesOf(rule.predicateType));
    const wanted = { format: policy.format, predicateTypes: new Set(types) };
    const gaps: CountersignError[] = [];
    const lanes = bulkhead(MAX_CONCURRENT_FETCHES, Number.MAX_SAFE_INTEGER);
    const reading: PlaceDeps = {
      registry,
      lane: (fetch) =>
        lanes.execute(() => {
          signal.throwIfAborted();
          return fetch();
        }),
      onGap: (failure) => gaps.push(failure),
    };
    const found = placesOf(subject, policy).map((place) => searchPlace(place, wanted, reading));
    return { candidates: (await Promise.all(found)).flat(), gaps };
  });
}

/** A signature counts only for the subject whose place it was found in: of the image or its index, in either repository. */
function placesOf(subject: Subject, policy: TrustPolicy): readonly Place[] {
  const { repository: own, digest, index = digest } = subject;
  const repositories = [...new Set([own, policy.signatureRepository ?? own])];
  return [...new Set([digest, index])].flatMap((one) =>
    repositories.map((repository) => ({ repository, subject: one })),
  );
}

/**
 * Every candidate in one place: `.sig` and `.att` tags (cosign SIGNATURE_SPEC, ATTESTATION_SPEC), referrers API, fallback
 * tag (OCI distribution 1.1, "Referrers Tag Schema"), within one budget of bytes.
 */
async function searchPlace(
  place: Place,
  wanted: Wanted,
  deps: PlaceDeps,
): Promise<readonly Candidate[]> {
  const { subject } = place;
  const wantsAttestations = wanted.predicateTypes.size > 0;
  const reader = createPlaceReader(place, deps);
  const tag = `sha256-${hexOf(subject)}`;
  const [tagged, attested, listed, fallback] = await Promise.all([
    reader.tag(`${tag}.sig`),
    wantsAttestations ? reader.tag(`${tag}.att`) : undefined,
    reader.referrers(),
    reader.tag(tag),
  ]);
  const index = fallback && (isRefusal(fallback) ? fallback : readFallbackIndex(fallback));
  const { chosen, refused } = chooseReferrers(subject, [listed, index]);

  function read(
    manifest: Manifest | Refusal | undefined,
    source: string,
    via: Via,
  ): readonly Found[] {
    if (manifest === undefined) return [];
    const result = isRefusal(manifest)
      ? manifest
      : (reader.spend(manifest.bytes.length) ??
        readSignatureManifest(manifest, via, wantsAttestations));
    return isRefusal(result) ? [{ ...unknown(source), ...result }] : result;
  }

  const inReferrers = await Promise.all(
    chosen.map(async ({ digest, flawed }) => {
      const manifest = await reader.manifest(digest);
      if (manifest === undefined && flawed === true) return [{ ...unknown(digest), ...broken(1) }];
      return read(manifest, digest, 'referrer');
    }),
  );
  const found: readonly Found[] = [
    ...read(tagged, `${tag}.sig`, 'signature-tag'),
    ...read(attested, `${tag}.att`, 'attestation-tag'),
    ...capSignatures(inReferrers.flat(), subject),
    ...refused,
  ];
  return Promise.all(found.map((one) => readCandidate(one, subject, reader, wanted)));
}

function chooseReferrers(
  subject: Digest,
  lists: readonly (Referrers | Refusal | undefined)[],
): { chosen: readonly Descriptor[]; refused: readonly Found[] } {
  const refused: Refusal[] = [];
  const descriptors: Descriptor[] = [];
  for (const list of lists) {
    if (list === undefined) continue;
    if (isRefusal(list)) {
      refused.push(list);
      continue;
    }
    descriptors.push(...list.descriptors);
    if (list.unreadable > 0) refused.push(broken(list.unreadable));
    if (!list.complete) {
      const detail = `List of referrers goes on after the first ${list.descriptors.length}`;
      refused.push(refuse('too-many', detail));
    }
  }
  // Only the order believes a descriptor: what may be a signature comes first, so that the cap hits the others.
  const rank = ({ artifactType }: Descriptor) => Number(!POSSIBLE_TYPES.has(artifactType));
  const likely = descriptors.toSorted((a, b) => rank(a) - rank(b));
  const seen = new Set<Digest>();
  const distinct = likely.filter(({ digest }) => seen.size < seen.add(digest).size);
  if (distinct.length > MAX_REFERRERS) {
    const detail = `${distinct.length} referrers; ${MAX_REFERRERS} of them are examined`;
    refused.push(refuse('too-many', detail));
  }
  return {
    chosen: distinct.slice(0, MAX_REFERRERS),
    refused: refused.map((refusal) => ({ ...unknown(subject), ...refusal })),
  };
}

function unknown(source: string) {
  return { source, format: 'unknown' } as const;
}

/** What cannot be read may be the signature that is missed. */
function broken(count: number): Refusal {
  const entries = count === 1 ? 'An entry' : `${count} entries`;
  const detail = `${entries} in the list of referrers cannot be read as a descriptor of a manifest`;
  return refuse('malformed', detail);
}
