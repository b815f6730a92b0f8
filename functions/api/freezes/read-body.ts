import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { parseSelector } from '#shared/core/label-selector.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import type { ApiDeps } from '../deps.ts';
import { imageFilter } from '../image-filter.ts';
import { nameImage } from '../verify-image.ts';
import type { FreezeBody } from './operation.ts';

const LAST = new Date('9999-12-31T23:59:59.999Z');

/** What a freeze is about, in normal form. */
export type Frozen = Pick<PersonFreeze, 'image' | 'clusters' | 'until' | 'reason'>;

/**
 * What is to be frozen. Throws `bad-request` for an image that the config does not name, a selector that is none, a time
 * that has passed or is after the year 9999, `bad-reference`.
 */
export function readBody(
  { image, clusters, until, reason }: FreezeBody,
  deps: Pick<ApiDeps, 'rules' | 'now'>,
): Frozen {
  if (clusters !== undefined) checkSelector(clusters);
  const ends = until === undefined ? undefined : new Date(until);
  if (ends !== undefined && ends <= deps.now()) {
    throw new CountersignError('bad-request', 'json.until: has passed: name a later time');
  }
  // In UTC it may have a year of five digits.
  if (ends !== undefined && ends > LAST) {
    throw new CountersignError('bad-request', 'json.until: is after the year 9999: leave it out');
  }
  const named = image === undefined ? undefined : nameOf(image, deps);
  return { reason, ...defined({ image: named, clusters, until: ends?.toISOString() }) };
}

function checkSelector(text: string): void {
  try {
    parseSelector(text);
  } catch (error) {
    throw new CountersignError('bad-request', `json.clusters: ${toFailure(error).message}`);
  }
}

/** A freeze of what nothing follows would be a freeze that is not there. */
function nameOf(image: string, deps: Pick<ApiDeps, 'rules'>): string {
  nameImage(image, deps);
  const { repository = '', tag, digest } = imageFilter(image);
  if (digest !== undefined) {
    const fix = 'leave out "@" and what follows it, or roll the digest back';
    throw new CountersignError('bad-request', `json.image: a digest is not frozen: ${fix}`);
  }
  return tag === undefined ? repository : `${repository}:${tag}`;
}
