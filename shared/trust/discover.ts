import { bulkhead } from 'cockatiel';

import { type Digest, hexOf } from '#shared/core/digest.ts';
import type { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { predicateTypesOf } from '#shared/core/predicate-types.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { Descriptor, Manifest, Referrers, Registry } from '#shared/registry/registry.ts';

import {
  type Candidate,
  isRefusal,
  type Refusal,
  type RefusedCandidate,
  refuse,
} from './candidate.ts';
import { MAX_CONCURRENT_FETCHES, MAX_DISCOVERY_MS, MAX_REFERRERS } from './limits.ts';
import { readCandidate, type Wanted } from './read-candidate.ts';
import { createPlaceReader, type Place, type PlaceDeps } from './read-place.ts';
import {
  capSignatures,
  type Found,
  mayBeSignature,
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

export interface DiscoverDeps {
  readonly registry: Registry;
  /** For all of it, in milliseconds. */
  readonly timeoutMs?: number;
}

/** What was found, and what could not be read. */
export interface Discovery {
  readonly candidates: readonly Candidate[];
  /** Failures to read what may hold further candidates: without them "unsigned" and "untrusted" are no answer. */
  readonly gaps: readonly CountersignError[];
}

/**
 * Every signature candidate of a subject, each fetched once however many authorities will look at it. All places are
 * always asked: a registry's referrers API may answer with an empty list (notation#1222). Throws what a retry may mend,
 * and every failure of the referrers API; what a registry answers for good instead of a tag, manifest or blob is a gap.
 */
export async function discover(
  subject: Subject,
  policy: TrustPolicy,
  deps: DiscoverDeps,
): Promise<Discovery> {
  const { registry, timeoutMs = MAX_DISCOVERY_MS } = deps;
  return withDeadline(timeoutMs, `Finding the signatures of ${subject.digest}`, async (signal) => {
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

/**
 * Everywhere a signature that counts may be: on the image or on its index, in the image's repository or in the
 * policy's own. A signature counts only for the subject whose place it was found in.
 */
function placesOf(subject: Subject, policy: TrustPolicy): readonly Place[] {
  const repositories = new Set([
    subject.repository,
    policy.signatureRepository ?? subject.repository,
  ]);
  const digests = new Set([subject.digest, subject.index ?? subject.digest]);
  return [...digests].flatMap((digest) =>
    [...repositories].map((repository) => ({ repository, subject: digest })),
  );
}

/**
 * Every candidate in one place: `.sig` tag (cosign SIGNATURE_SPEC, "Storage"), `.att` tag where the policy asks for
 * attestations (cosign ATTESTATION_SPEC), referrers API, and fallback tag (OCI distribution 1.1, "Referrers Tag
 * Schema"), within one budget of bytes.
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
    return isRefusal(result) ? [{ source, format: 'unknown', ...result }] : result;
  }

  const inReferrers = await Promise.all(
    chosen.map(async ({ digest, flawed }) => {
      const manifest = await reader.manifest(digest);
      if (manifest === undefined && flawed === true) return [{ ...broken(1), source: digest }];
      return read(manifest, digest, 'referrer');
    }),
  );
  const found: readonly Found[] = [
    ...read(tagged, `${tag}.sig`, 'signature-tag'),
    ...read(attested, `${tag}.att`, 'attestation-tag'),
    ...capSignatures(inReferrers.flat(), subject),
    ...refused,
  ];
  return Promise.all(found.map((one) => readCandidate(one, place, reader, wanted)));
}

function chooseReferrers(
  subject: Digest,
  lists: readonly (Referrers | Refusal | undefined)[],
): { chosen: readonly Descriptor[]; refused: readonly RefusedCandidate[] } {
  const refused: RefusedCandidate[] = [];
  const descriptors: Descriptor[] = [];
  for (const list of lists) {
    if (list === undefined) continue;
    if (isRefusal(list)) {
      refused.push({ source: subject, format: 'unknown', ...list });
      continue;
    }
    descriptors.push(...list.descriptors);
    if (list.unreadable > 0) refused.push({ source: subject, ...broken(list.unreadable) });
    if (!list.complete) {
      const detail = `List of referrers goes on after the first ${list.descriptors.length}`;
      refused.push({ source: subject, format: 'unknown', ...refuse('too-many', detail) });
    }
  }
  // Only the order believes a descriptor: what may be a signature comes first, so that the cap hits the others.
  const likely = descriptors.toSorted((a, b) => rank(a) - rank(b));
  const seen = new Set<Digest>();
  const distinct = likely.filter(({ digest }) => seen.size < seen.add(digest).size);
  if (distinct.length > MAX_REFERRERS) {
    const detail = `${distinct.length} referrers; ${MAX_REFERRERS} of them are examined`;
    refused.push({ source: subject, format: 'unknown', ...refuse('too-many', detail) });
  }
  return { chosen: distinct.slice(0, MAX_REFERRERS), refused };
}

/** What cannot be read may be the signature that is missed. */
function broken(count: number): Omit<RefusedCandidate, 'source'> {
  const entries = count === 1 ? 'An entry' : `${count} entries`;
  const detail = `${entries} in the list of referrers cannot be read as a descriptor of a manifest`;
  return { format: 'unknown', ...refuse('malformed', detail) };
}

function rank({ artifactType }: Descriptor): number {
  return mayBeSignature(artifactType) ? 0 : 1;
}
