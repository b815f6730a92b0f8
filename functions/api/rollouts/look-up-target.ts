import { referenceOfKey } from '#shared/core/approval-key.ts';
import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type Reference, parseReference, tryReference } from '#shared/core/reference.ts';
import type { Release } from '#shared/core/track/track.ts';
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
  const release = releaseOf(to, { record, rule }, deps);
  const reference =
    release === undefined
      ? referenceOf(Object.hasOwn(indexes, to) ? (indexes[to] ?? to) : to, image)
      : { ...parseReference(image), tag: release.tag };
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
  const isChart = !isDigest(record.digest);
  const version = release && isChart ? release.tag.replaceAll('_', '+') : undefined;
  const ofImage = { key: found.digest, resolvedAt, ...defined({ index: found.index }) };
  const key = version === undefined ? to : `${reference.repository}:${version}`;
  const isImage = isDigest(to) || (release !== undefined && !isChart);
  const target = { ...(isImage ? ofImage : { key, resolvedAt }), ...defined({ release }) };
  return { ...NOTHING, target };
}

/** Where versions are followed, a person may name one by its tag; of a digest, what the record knows of it. */
function releaseOf(
  to: string,
  { record, rule }: Pick<FoundRollout, 'record' | 'rule'>,
  deps: Pick<StagedDeps, 'tracks'>,
): Release | undefined {
  const tracker = rule && deps.tracks?.of(rule);
  if (tracker === undefined) return undefined;
  const { releases = {} } = record;
  const known = Object.hasOwn(releases, to) ? releases[to] : undefined;
  if (known !== undefined) return known;
  const read = tracker.read(to, isDigest(record.digest) ? 'image' : 'chart');
  return typeof read === 'string' ? undefined : read;
}

/** Nothing but the image's own repository: this is no way to make us call any host. */
function referenceOf(to: string, image: string): Reference {
  const repository = tryReference(image)?.repository ?? '';
  const reference = referenceOfKey(to) ?? tryReference(`${repository}@${to}`);
  if (reference?.repository === repository) return reference;
  const message = `json: must name a digest of ${repository}, or a version of that chart as CHART:VERSION`;
  throw new CountersignError('bad-request', message);
}
