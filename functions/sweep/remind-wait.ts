import { parseReference } from '#shared/core/reference.ts';
import { type KeptBecause, type VersionWait, choose } from '#shared/core/track/choose.ts';
import { sayAmbiguous, sayTracked } from '#shared/core/track/say.ts';
import { streamOf } from '#shared/core/track/stream.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import type { Stream } from '#shared/reconcile/list-versions.ts';
import { trackerOf } from '#shared/reconcile/locate-version.ts';
import { pickVersion } from '#shared/reconcile/pick-version.ts';
import { rolloutOf } from '#shared/reconcile/rollout.ts';
import type { KnownSync } from '#shared/reconcile/snapshot.ts';
import type { TrackNote } from '#shared/store/store.ts';
import { factsOf } from './report-rollouts.ts';

export type RemindWaitDeps = Pick<
  ImageDeps,
  'resolver' | 'verifier' | 'policies' | 'tracks' | 'publish' | 'now'
>;

type Floor = NonNullable<TrackNote['floor']>;

interface Wait {
  readonly cause: VersionWait;
  readonly message: string;
}

const CAUSES: Readonly<Record<KeptBecause, VersionWait>> = {
  lower: 'version-gone',
  none: 'version-gone',
  cut: 'listing-cut',
  unlisted: 'listing-cut',
};

/**
 * Publishes once that a fleet stays on the version that it has, because the listing of its repository does not let it
 * choose another one. Returns what it waits for; undefined where it waits for nothing, or has taken nothing yet.
 *
 * @example
 * const waits = await remindWait({ ...stream, followers }, listed, note, deps);
 */
export async function remindWait(
  stream: Stream & { readonly followers: readonly KnownSync[] },
  listed: TrackNote,
  before: TrackNote | undefined,
  deps: RemindWaitDeps,
): Promise<VersionWait | undefined> {
  const { floor } = listed;
  const wait = floor && (await findWait(stream, listed, floor, deps));
  if (floor === undefined || wait === undefined) return undefined;
  const { cause, message } = wait;
  if (before?.waits === cause) return cause;
  const facts = factsOf(rolloutOf(streamOf(stream.repository), floor.digest, stream.followers));
  await deps.publish({
    type: 'rollout.waiting',
    severity: 'WARNING',
    // By the listing that it replaces, two episodes have two ids.
    replaced: before && { digest: floor.digest, since: before.listedAt },
    data: {
      ...facts,
      release: floor.version,
      cause,
      since: deps.now().toISOString(),
      errors: [],
      message: `${message}; live on ${facts.live} of ${facts.syncs} RSyncs`,
    },
  });
  return cause;
}

/** As an RSync that has what the fleet has would choose: a receipt that one cluster forges is no reason. */
async function findWait(
  { repository, rule, kind }: Stream,
  listed: TrackNote,
  floor: Floor,
  deps: RemindWaitDeps,
): Promise<Wait | undefined> {
  const tracker = trackerOf(rule, deps);
  const taken = { ...floor, digest: floor.index ?? floor.digest };
  // A record of a roll-out in stages goes down by a person alone.
  const mayGoDown = rule.downgrade !== 'deny' && rule.rollout === undefined;
  const choice = choose(listed, tracker, { taken, mayGoDown });
  if (choice.status === 'keep') {
    const { why, best } = choice;
    const tracked = { repository, kind, release: floor, why, skipped: [] };
    const said = sayTracked(best === undefined ? tracked : { ...tracked, lower: best });
    return { cause: CAUSES[why], message: said ?? '' };
  }
  if (choice.status === 'none') return undefined;
  // The best alone, verified or not: whether its tags agree is no matter of signatures.
  const groups = choice.groups.slice(0, 1);
  const pick = { groups, kind, taken, tracker, reference: parseReference(repository) };
  const asked = { ...pick, rule: { ...rule, unverified: 'wait' } } as const;
  const picked = await pickVersion(asked, new Date(listed.listedAt), deps);
  if (picked.status !== 'ambiguous') return undefined;
  return { cause: 'ambiguous-version', message: sayAmbiguous(picked.tags) };
}
