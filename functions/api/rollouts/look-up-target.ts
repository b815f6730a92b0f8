import { referenceOfKey } from '#shared/core/approval-key.ts';
import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type Reference, tryReference } from '#shared/core/reference.ts';
import { withDeadline } from '#shared/net/within.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import { judgeImage } from '../verify-image.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';
import { type Named, NOTHING } from './look-up-clusters.ts';

/**
 * What a decision is about, as the caller names it: a digest of the image's repository, of an index too, or a chart and
 * its version. It is verified now, lest clusters are sent to what no worker approves. Throws `bad-request`, and where it
 * could not be found out.
 */
export async function lookUpTarget(
  to: string,
  { record, rule }: FoundRollout,
  deps: StagedDeps,
): Promise<Named> {
  if (rule === undefined) return NOTHING;
  const { image, indexes = {} } = record;
  const reference = referenceOf(Object.hasOwn(indexes, to) ? (indexes[to] ?? to) : to, image);
  const { resolution, verdict, message } = await withDeadline(
    READ_DEADLINE_MS,
    'Verifying the digest',
    () => judgeImage({ reference, rule }, deps),
  );
  const { image: found } = resolution;
  if (verdict.status !== 'verified' || found.status !== 'resolved') {
    return { ...NOTHING, unverified: message };
  }
  const { resolvedAt } = resolution;
  const target = isDigest(to)
    ? { key: found.digest, resolvedAt, ...defined({ index: found.index }) }
    : { key: to, resolvedAt };
  return { ...NOTHING, target };
}

/** Nothing but the image's own repository: this is no way to make us call any host. */
function referenceOf(to: string, image: string): Reference {
  const repository = tryReference(image)?.repository ?? '';
  const reference = referenceOfKey(to) ?? tryReference(`${repository}@${to}`);
  if (reference?.repository === repository) return reference;
  const message = `json: must name a digest of ${repository}, or a version of that chart as CHART:VERSION`;
  throw new CountersignError('bad-request', message);
}
