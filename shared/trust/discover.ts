import type { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { predicateTypesOf } from '#shared/core/predicate-types.ts';
import type { Registry } from '#shared/registry/registry.ts';

import type { Candidate } from './candidate.ts';
import { withDeadline } from './deadline.ts';
import { createGaps } from './gaps.ts';
import { createLane } from './lane.ts';
import { MAX_DISCOVERY_MS } from './limits.ts';
import { placesOf, type Subject } from './places.ts';
import { searchPlace } from './search-place.ts';

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
    const predicateTypes = new Set(
      policy.attestations.flatMap(({ predicateType }) => predicateTypesOf(predicateType)),
    );
    const { format } = policy;
    const gaps = createGaps();
    const search = { registry, lane: createLane(signal), gaps, format, predicateTypes };
    const found = placesOf(subject, policy).map((place) => searchPlace(place, search));
    const candidates = (await Promise.all(found)).flat();
    return { candidates, gaps: gaps.failures };
  });
}
