import { defined } from '#shared/core/defined.ts';
import { parseReference } from '#shared/core/reference.ts';
import { floorOf } from '#shared/core/rollout/ratchet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { choose } from '#shared/core/track/choose.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { trackText, trackerOf } from '#shared/reconcile/locate-version.ts';
import { pickVersion } from '#shared/reconcile/pick-version.ts';
import type { JudgedImage } from '#shared/reconcile/publish-verdict.ts';
import { asPulled } from '#shared/reconcile/resolve-entry.ts';
import { type ReadDeps, readTrackNote } from '#shared/reconcile/track-notes.ts';
import type { Brought, Kind } from './brought.ts';

export interface FindVersionDeps
  extends Pick<ImageDeps, 'resolver' | 'verifier' | 'policies' | 'tracks'>,
    ReadDeps {}

/** A stream of versions, and what is recorded of it. */
export interface VersionsOf {
  /** As its record is named. */
  readonly image: string;
  readonly rule: ImageRule;
  readonly kind: Kind;
  readonly record: RolloutRecord | undefined;
}

/** A target that verifies, and what that was found by. */
export interface FoundTarget {
  readonly brought: Brought;
  readonly judged: JudgedImage;
}

/** What was resolved within a burst is as good. */
const ANY_TIME = new Date(0);

/**
 * The version of a stream that may be rolled out, where it verifies: none that is lower than what its record knows.
 * Undefined where there is none. Throws what the store and the registry throw.
 *
 * @example
 * const { brought } = (await findVersion({ image, rule, kind: 'image', record }, 'sweep', deps)) ?? {};
 */
export async function findVersion(
  { image, rule, kind, record }: VersionsOf,
  by: string,
  deps: FindVersionDeps,
): Promise<FoundTarget | undefined> {
  const reference = parseReference(image);
  const { repository, host, path } = reference;
  const tracker = trackerOf(rule, deps);
  const note = await readTrackNote(kind, repository, deps);
  if (note?.track !== trackText(rule)) return undefined;
  const taken = record && floorOf(record, tracker);
  const choice = choose(note, tracker, { taken });
  if (choice.status !== 'take') return undefined;
  const query = { groups: choice.groups, rule, kind, reference, taken, tracker };
  const picked = await pickVersion(query, ANY_TIME, deps);
  if (picked.status !== 'picked') return undefined;
  const { release } = picked;
  const named = { host, path, repository, tag: release.tag };
  const resolution = asPulled(await deps.resolver.fresh(named), { kind }, release);
  const policy = policyOf(deps.policies, rule.trust);
  const found = { reference: named, resolution, policy };
  const verdict = await judgeResolution(found, { fresh: false }, deps);
  const { image: pulled, resolvedAt } = resolution;
  if (verdict.status !== 'verified' || pulled.status !== 'resolved') return undefined;
  const judged = { reference: named, resolution, verdict, policy: policy.hash, release };
  const { digest, index, version } = pulled;
  const key = kind === 'chart' ? { digest: `${repository}:${version}` } : { digest, index };
  return { judged, brought: defined({ ...key, resolvedAt, by, release }) };
}

/**
 * Whether a higher version is listed than any that the record knows: it may have come without a push.
 *
 * @example
 * if (await isHigherListed({ image, rule, kind, record }, deps)) await findVersion({ image, rule, kind, record }, 'sweep', deps);
 */
export async function isHigherListed(
  { image, rule, kind, record }: VersionsOf,
  deps: Pick<FindVersionDeps, 'store' | 'tracks'>,
): Promise<boolean> {
  const { repository } = parseReference(image);
  const note = await readTrackNote(kind, repository, deps);
  if (note?.track !== trackText(rule)) return false;
  const tracker = trackerOf(rule, deps);
  const floor = record && floorOf(record, tracker);
  const choice = choose(note, tracker, { taken: floor });
  if (choice.status !== 'take') return false;
  const [[best] = []] = choice.groups;
  if (best === undefined || floor === undefined) return best !== undefined;
  return (tracker.compare(best.version, floor.version) ?? 1) > 0;
}
