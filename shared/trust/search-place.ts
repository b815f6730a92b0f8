import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Descriptor, Manifest, Referrers, Registry } from '#shared/registry/registry.ts';

import { type ByteBudget, createByteBudget } from './budget.ts';
import {
  type Candidate,
  isRefusal,
  type Refusal,
  type RefusedCandidate,
  refuse,
} from './candidate.ts';
import type { Gaps } from './gaps.ts';
import type { Lane } from './lane.ts';
import { MAX_PLACE_BYTES, MAX_REFERRERS } from './limits.ts';
import {
  capSignatures,
  type Found,
  readFallbackIndex,
  readSignatureManifest,
  type Via,
} from './manifest.ts';
import { mayBeSignature } from './media-types.ts';
import { attestationTag, fallbackTag, type Place, signatureTag } from './places.ts';
import { createCandidateReader } from './read-candidate.ts';
import { createTagReader } from './tag-reader.ts';
import { refuseTooMuch } from './too-much.ts';

export interface SearchDeps {
  readonly registry: Registry;
  readonly lane: Lane;
  readonly gaps: Gaps;
  readonly format: TrustPolicy['format'];
  /** Of the attestations that the policy asks for; none: they are not looked for. */
  readonly predicateTypes: ReadonlySet<string>;
}

/**
 * Every candidate in one place: `.sig` tag, `.att` tag where the policy asks for attestations, referrers API and
 * fallback tag, within one budget of bytes.
 */
export async function searchPlace(place: Place, deps: SearchDeps): Promise<readonly Candidate[]> {
  const { registry, lane, gaps, predicateTypes } = deps;
  const { repository, subject } = place;
  const wantsAttestations = predicateTypes.size > 0;
  const budget = createByteBudget(MAX_PLACE_BYTES);
  const fetchManifest = (reference: string): Promise<Manifest | Refusal | undefined> =>
    lane(() => refuseTooMuch(registry.manifest(repository, reference), 'too-large', reference));
  const fetchTag = createTagReader({ ...deps, repository }, fetchManifest);
  const [tagged, attested, listed, fallback] = await Promise.all([
    fetchTag(signatureTag(subject)),
    wantsAttestations ? fetchTag(attestationTag(subject)) : undefined,
    lane(() => refuseTooMuch(registry.referrers(repository, subject), 'too-many', 'Referrers')),
    fetchTag(fallbackTag(subject)),
  ]);
  const { chosen, refused } = chooseReferrers(subject, [listed, readFallback(fallback)]);
  const readAs = (manifest: typeof tagged, reference: string, via: Via): readonly Found[] =>
    readManifest(manifest, reference, budget, (read) =>
      readSignatureManifest(read, via, wantsAttestations),
    );
  const inReferrers = await Promise.all(
    chosen.map(async ({ digest, flawed }) => {
      const manifest = await gaps.pass(() => fetchManifest(digest));
      if (manifest === undefined && flawed === true) return [{ ...broken(1), source: digest }];
      return readAs(manifest, digest, 'referrer');
    }),
  );
  const found: readonly Found[] = [
    ...readAs(tagged, signatureTag(subject), 'signature-tag'),
    ...readAs(attested, attestationTag(subject), 'attestation-tag'),
    ...capSignatures(inReferrers.flat(), subject),
    ...refused,
  ];
  const read = createCandidateReader({ ...deps, place, budget });
  return Promise.all(found.map(read));
}

function readManifest(
  manifest: Manifest | Refusal | undefined,
  reference: string,
  budget: ByteBudget,
  read: (manifest: Manifest) => readonly Found[],
): readonly Found[] {
  if (manifest === undefined) return [];
  if (isRefusal(manifest)) return [{ source: reference, format: 'unknown', ...manifest }];
  if (budget.take(manifest.bytes.length)) return read(manifest);
  const refusal = refuse('too-large', 'Signatures of this image are too large together');
  return [{ source: reference, format: 'unknown', ...refusal }];
}

function readFallback(manifest: Manifest | Refusal | undefined): Referrers | Refusal | undefined {
  return manifest === undefined || isRefusal(manifest) ? manifest : readFallbackIndex(manifest);
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
