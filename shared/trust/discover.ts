import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Registry } from '#shared/registry/registry.ts';

import type { Candidate } from './candidate.ts';
import { withDeadline } from './deadline.ts';
import { createLane } from './lane.ts';
import { MAX_DISCOVERY_MS } from './limits.ts';
import { placesOf, type Subject } from './places.ts';
import { searchPlace } from './search-place.ts';

export interface DiscoverDeps {
  readonly registry: Registry;
  /** For all of it, in milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Every signature candidate of a subject, each fetched once however many authorities will look at it. All places are
 * always asked: a registry's referrers API may answer with an empty list (notation#1222). A place that cannot be read
 * throws, even where another already holds a good signature: what is missing may be what decides.
 */
export async function discover(
  subject: Subject,
  policy: TrustPolicy,
  deps: DiscoverDeps,
): Promise<readonly Candidate[]> {
  const { registry, timeoutMs = MAX_DISCOVERY_MS } = deps;
  return withDeadline(timeoutMs, `Finding the signatures of ${subject.digest}`, async (signal) => {
    const predicateTypes = new Set(policy.attestations.map(({ predicateType }) => predicateType));
    const { format } = policy;
    const search = { registry, lane: createLane(signal), format, predicateTypes };
    const found = placesOf(subject, policy).map((place) => searchPlace(place, search));
    return (await Promise.all(found)).flat();
  });
}
