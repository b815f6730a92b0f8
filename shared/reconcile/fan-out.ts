import type { ImageRules } from '#shared/config/image-rules.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Task } from '#shared/core/task.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import type { SeekNote, ClusterRecord } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';

export interface FanOutDeps extends Pick<ImageDeps, 'store' | 'now' | 'rules'> {
  readonly fleet: Pick<Fleet, 'list'>;
  /** Resolves when the broker has every task; one cluster's tasks keep their order. Throws `publish-failed`. */
  readonly publishTasks: (tasks: readonly Task[]) => Promise<void>;
}

export interface FanOut {
  /** Absent: what was pushed concerns images of the rule whose repositories are not known. */
  readonly repository?: string;
  readonly rule: ImageRule;
  /** Whether a cluster that follows it has anything to do now; absent: each has. */
  readonly concerns?: (member: Member) => boolean;
}

/**
 * Publishes one task for each cluster that follows `repository`, and for each that the store knows nothing of yet; where
 * no cluster is known to follow it, or none is named, those that could. Returns how many. A second time is harmless (law 1).
 */
export async function fanOut(
  { repository, rule, concerns = () => true }: FanOut,
  cause: Omit<Task, 'cluster'>,
  { fleet, store, rules, publishTasks, now }: FanOutDeps,
): Promise<number> {
  const [{ members }, followers] = await Promise.all([
    fleet.list(),
    repository === undefined ? undefined : store.followers(repository),
  ]);
  const selected = members.filter(({ labels }) => rules.selects(rule, labels));
  const concerned = selected.filter((member) => {
    const { name } = member;
    if (followers?.known.has(name) === false) return true;
    return (followers?.following.has(name) ?? true) && concerns(member);
  });
  const followed = selected.some(({ name }) => followers?.following.has(name));
  const sought =
    repository === undefined || followed
      ? []
      : await seekFollowers(repository, selected, { store, now });
  const tasked = new Set([...concerned, ...sought].map(({ name }) => name));
  await publishTasks([...tasked].map((cluster) => ({ cluster, ...cause })));
  return tasked.size;
}

const FLEET = 'fleet';

/** As many clusters are tasked by the push itself: 200 lists, a tenth of what the gateway allows in a minute. */
const MAX_AT_ONCE = 100;

/** A repository that is pushed to again and again, and that no RSync follows, costs that once in this time. */
const AGAIN_AFTER_MS = 60_000;

/** Every cluster was looked at meanwhile, or the fleet is too large to be sought through. */
const GIVEN_UP_AFTER_MS = 60 * 60_000;

/** Pushes to more repositories than this find their new followers by the sweep's own period. */
const MAX_REPOSITORIES = 50;

type SeekDeps = Pick<FanOutDeps, 'store' | 'now'>;

/**
 * The clusters to task for a push to a repository that no known RSync follows: an RSync that was created since the last
 * look would else wait for its cluster's turn in the sweep. All of `candidates` where they are few; of more, none: they
 * are noted, and the next sweeps look at them first, out of their own calls.
 */
async function seekFollowers(
  repository: string,
  candidates: readonly Member[],
  { store, now }: SeekDeps,
): Promise<readonly Member[]> {
  const time = now();
  const note = await store.readNote('seek', FLEET);
  const last = note?.sought[repository];
  if (last !== undefined && time.getTime() - Date.parse(last) < AGAIN_AFTER_MS) return [];
  const others = Object.entries(soughtNow(note, time)).filter(([name]) => name !== repository);
  const kept = others.toSorted(([, a], [, b]) => (a < b ? 1 : -1)).slice(0, MAX_REPOSITORIES - 1);
  const sought = Object.fromEntries([...kept, [repository, time.toISOString()]]);
  await store.writeNote('seek', FLEET, { sought });
  return candidates.length <= MAX_AT_ONCE ? candidates : [];
}

/** Whether a cluster could have a follower that is sought, and was not looked at since. */
export async function readSought(
  rules: ImageRules,
  { store, now }: SeekDeps,
): Promise<(member: Member, record: ClusterRecord | undefined) => boolean> {
  const sought = Object.entries(soughtNow(await store.readNote('seek', FLEET), now()));
  const wanted = sought.flatMap(([repository, since]) => {
    const rule = rules.match(repository);
    return rule === undefined ? [] : [{ rule, since }];
  });
  return ({ labels }, record) =>
    wanted.some(
      ({ rule, since }) => (record?.lookedAt ?? '') < since && rules.selects(rule, labels),
    );
}

function soughtNow(note: SeekNote | undefined, now: Date): SeekNote['sought'] {
  const current = Object.entries(note?.sought ?? {}).filter(
    ([, since]) => now.getTime() - Date.parse(since) < GIVEN_UP_AFTER_MS,
  );
  return Object.fromEntries(current);
}
