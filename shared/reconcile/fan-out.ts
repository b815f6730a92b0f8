import type { ImageRule } from '#shared/core/rule.ts';
import type { Task } from '#shared/core/task.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { Store } from '#shared/store/store.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import { seekFollowers } from './seek-followers.ts';

export interface FanOutDeps {
  readonly fleet: Pick<Fleet, 'list'>;
  readonly store: Pick<Store, 'followers' | 'readNote' | 'writeNote'>;
  readonly now: () => Date;
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
 * Publishes one task for each cluster that follows `repository`, and for each that the store knows nothing of yet; where
 * no cluster is known to follow it, those that could (seek-followers.ts). Returns how many. Publishing twice is
 * harmless: a cluster acknowledges unread what a later reconcile has covered.
 */
export async function fanOut(
  { repository, rule }: Audience,
  cause: Omit<Task, 'cluster'>,
  { fleet, store, rules, publishTasks, now }: FanOutDeps,
): Promise<number> {
  const [{ members }, followers] = await Promise.all([
    fleet.list(),
    repository === undefined ? undefined : store.followers(repository),
  ]);
  const selected = members.filter(({ labels }) => rules.selects(rule, labels));
  const concerned = selected.filter(
    ({ name }) =>
      followers === undefined || followers.following.has(name) || !followers.known.has(name),
  );
  const followed = selected.some(({ name }) => followers?.following.has(name));
  const sought =
    repository === undefined || followed
      ? concerned
      : [
          ...new Set([
            ...concerned,
            ...(await seekFollowers(repository, selected, { store, now })),
          ]),
        ];
  await publishTasks(sought.map(({ name }) => ({ cluster: name, ...cause })));
  return sought.length;
}
