import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { type Named, type Taken, settle } from '#shared/core/track/choose.ts';
import type { Candidate, Release, TrackedKind, Tracker } from '#shared/core/track/track.ts';
import type { ImageDeps } from './deps.ts';
import { judgeResolution, policyOf } from './judge-rsync.ts';

type PickDeps = Pick<ImageDeps, 'resolver' | 'verifier' | 'policies'>;

/** Versions that may be taken, and how one is picked. */
export interface PickQuery {
  /** Tags of one version each, the best first. */
  readonly groups: readonly (readonly Candidate[])[];
  readonly rule: ImageRule;
  readonly kind: TrackedKind;
  readonly reference: Reference;
  readonly taken: Taken | undefined;
  readonly tracker: Tracker;
}

export type Picked = { readonly skipped: readonly Release[] } & (
  | { readonly status: 'picked'; readonly release: Release }
  | { readonly status: 'ambiguous'; readonly tags: readonly string[] }
  /** No tag is left, or none that may be skipped to verifies. */
  | { readonly status: 'none' }
);

/** Versions that are skipped for the next best, before the best is waited for all the same. */
const MAX_SKIPPED = 10;

/**
 * The one that is followed: the best, verified or not; with `unverified: skip` the best that verifies. Tags of one
 * version must name one digest. Throws what the registry throws.
 *
 * @example
 * const { status } = await pickVersion({ groups, rule, kind, reference, taken, tracker }, notBefore, deps);
 */
export async function pickVersion(
  { groups, rule, reference, taken, tracker }: PickQuery,
  notBefore: Date,
  deps: PickDeps,
): Promise<Picked> {
  const skips = rule.unverified === 'skip';
  const skipped: Release[] = [];
  let first: Release | undefined;

  function ask({ tag }: Release): Promise<Resolution> {
    const { host, path, repository } = reference;
    return deps.resolver.resolve({ host, path, repository, tag }, notBefore);
  }

  async function nameOf(candidate: Candidate): Promise<readonly Named[]> {
    const { digest } = candidate;
    if (digest !== undefined) return [{ ...candidate, digest }];
    const { image } = await ask(candidate);
    if (image.status === 'unusable')
      return image.reason === 'tag-absent' ? [] : [{ ...candidate, digest: '' }];
    return [{ ...candidate, digest: image.index ?? image.digest }];
  }

  for (const group of groups) {
    const [best] = group;
    if (best === undefined || skipped.length === MAX_SKIPPED) break;
    let release: Release = { tag: best.tag, version: best.version };
    if (isDoubtful(group, taken, tracker)) {
      const named = (await Promise.all(group.map(nameOf))).flat();
      const settled = settle(named, tracker, taken);
      if (settled === undefined) continue;
      if ('ambiguous' in settled) return { status: 'ambiguous', tags: settled.ambiguous, skipped };
      release = { tag: settled.tag, version: settled.version };
    }
    first ??= release;
    if (!skips || (await verifies(release))) return { status: 'picked', release, skipped };
    skipped.push(release);
  }
  // Nothing verifies: the best is waited for, unless something was taken.
  if (taken !== undefined || first === undefined) return { status: 'none', skipped };
  return { status: 'picked', release: first, skipped: [] };

  async function verifies(one: Release): Promise<boolean> {
    const policy = policyOf(deps.policies, rule.trust);
    const resolution = await ask(one);
    const judged = { reference, resolution, policy };
    const { status } = await judgeResolution(judged, { fresh: false }, deps);
    return status === 'verified';
  }
}

/** Whether it takes a look at what the tags name. */
function isDoubtful(
  group: readonly Candidate[],
  taken: Taken | undefined,
  { compare }: Tracker,
): boolean {
  const [best] = group;
  // What was pushed since the last listing may be gone again, and a notification is a hint (law 1).
  if (group.length > 1 || (best !== undefined && best.digest === undefined)) return true;
  if (best === undefined || taken === undefined || best.tag === taken.tag) return false;
  return compare(best.version, taken.version) === 0;
}
