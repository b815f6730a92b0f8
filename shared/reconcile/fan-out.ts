import type { ImageRule } from '#shared/core/rule.ts';
import type { Task } from '#shared/core/task.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import type { Store } from '#shared/store/store.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';

export interface FanOutDeps {
  readonly fleet: Pick<Fleet, 'list'>;
  readonly store: Pick<Store, 'followers'>;
  readonly rules: ImageRules;
  /** Resolves when the broker has every task; one cluster's tasks keep their order. Throws `publish-failed`. */
  readonly publishTasks: (tasks: readonly Task[]) => Promise<void>;
}

export interface Audience {
  /** Absent: whoever may follow the rule, whatever the image. */
  readonly repository?: string;
  readonly rule: ImageRule;
}

/**
 * Publishes one task for each cluster that follows `repository`, and for each that the store knows nothing of yet.
 * Returns how many. Publishing twice is harmless: a cluster acknowledges unread what a later reconcile has covered.
 */
export async function fanOut(
  { repository, rule }: Audience,
  cause: Omit<Task, 'cluster'>,
  { fleet, store, rules, publishTasks }: FanOutDeps,
): Promise<number> {
  const [{ members }, followers] = await Promise.all([
    fleet.list(),
    repository === undefined ? undefined : store.followers(repository),
  ]);
  const follows = ({ name }: Member): boolean =>
    followers === undefined || followers.following.has(name) || !followers.known.has(name);
  const concerned = members.filter(
    (member) => rules.selects(rule, member.labels) && follows(member),
  );
  await publishTasks(concerned.map(({ name }) => ({ cluster: name, ...cause })));
  return concerned.length;
}
