import { toFailure, type CountersignError } from '#shared/core/errors.ts';
import { isDigest } from '#shared/core/digest.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import { withDeadline } from '#shared/net/within.ts';
import { inTurns } from '#shared/reconcile/in-turns.ts';
import { type KnownSync, repositoryOf } from '#shared/reconcile/snapshot.ts';
import type { Entry } from '#shared/records/records.ts';
import { type Brought, type Kind, followedAs } from '#shared/rollouts/brought.ts';
import type { Found } from '#shared/rollouts/find-rule.ts';
import { type FindTargetDeps, findTarget } from '#shared/rollouts/find-target.ts';
import { isHigherListed } from '#shared/rollouts/find-version.ts';
import type { SyncRow } from '#shared/store/store.ts';

/** Tags that are asked for at once, and of these of one repository. */
const PLACES = { atOnce: 8, perGroup: 2 } as const;

/** For one tag; a registry that takes longer is asked again by the next sweep. */
const ASK_MS = 10_000;

/** For all: after this nothing more is begun, and the sweep goes on without it. */
const ALL_MS = 20_000;

/** An image, what the config has for it, what is recorded of it, and the RSyncs that follow it in stages. */
export interface StagedImage extends Found {
  readonly image: string;
  readonly entry: Entry;
  readonly followers: readonly KnownSync[];
}

export interface Asked {
  /** What tags name, verified, by image. */
  readonly brought: ReadonlyMap<string, Brought>;
  readonly failures: ReadonlyMap<string, CountersignError>;
}

/**
 * Asks the registry for the tags of those images whose record may not know what the tag names. `cause`: the id of the
 * sweep, for verdicts that are news.
 */
export async function askTags(
  images: readonly StagedImage[],
  cause: string,
  deps: FindTargetDeps,
): Promise<Asked> {
  const endsAt = deps.now().getTime() + ALL_MS;
  const brought = new Map<string, Brought>();
  const failures = new Map<string, CountersignError>();

  async function ask(one: StagedImage): Promise<void> {
    const { image, rule, followers, entry } = one;
    if (rule === undefined || deps.now().getTime() > endsAt) return;
    const kind = followedAs(followers.map(({ row }) => row));
    const { record } = entry;
    try {
      const found = await withDeadline(ASK_MS, `Asking for ${image}`, async () =>
        isWanted(one) || (await isHigher(one, kind))
          ? findTarget({ image, rule, kind, by: 'sweep', cause, record }, deps)
          : undefined,
      );
      if (found !== undefined) brought.set(image, found);
    } catch (error) {
      failures.set(image, toFailure(error));
    }
  }

  /** Of versions, the last listing may know of one that no push brought. */
  async function isHigher(
    { image, rule, entry: { record } }: StagedImage,
    kind: Kind = 'image',
  ): Promise<boolean> {
    return rule !== undefined && isHigherListed({ image, rule, kind, record }, deps);
  }

  const wanted = images.filter((one) => isWanted(one) || followsVersions(one));
  await inTurns(wanted, (one) => repositoryOf(one) ?? '', ask, PLACES);
  return { brought, failures };
}

function followsVersions({ strategy, rule, followers }: StagedImage): boolean {
  const isTracked = rule !== undefined && versionsOf(rule) !== undefined;
  return strategy !== undefined && isTracked && followers.length > 0;
}

/** A push may have been lost, or could not be approved when it came. */
function isWanted({ strategy, entry: { record }, followers }: StagedImage): boolean {
  if (strategy === undefined) return false;
  if (record === undefined || record.status === 'retired') return followers.length > 0;
  const newest = Date.parse((record.next ?? record).resolvedAt);
  return followers.some(({ row, record: { lookedAt } }) => {
    // What could not be looked at is as it was known before.
    if (row.unsettled !== undefined || row.verdict === undefined) return false;
    if (row.verdict !== 'verified') return true;
    const key = targetKeyOf(row, record);
    // An older look saw an older tag.
    return key !== undefined && Date.parse(lookedAt ?? '') > newest && !isKnown(key, record);
  });
}

/** The key of what a tag named at the last look; of a row from before its image had a strategy, where that is one. */
function targetKeyOf({ staged, target }: SyncRow, { digest }: RolloutRecord): string | undefined {
  return staged === undefined && isDigest(digest) ? target : staged?.target;
}

function isKnown(key: string, { digest, next, passedOver, rejected }: RolloutRecord): boolean {
  return [digest, next?.digest, passedOver, ...rejected].includes(key);
}
