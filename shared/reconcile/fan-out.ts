import type { ImageRule } from '#shared/core/rule.ts';
import type { Task } from '#shared/core/task.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import type { Store } from '#shared/store/store.ts';
import type { Rules } from './deps.ts';

export interface FanOutDeps {
  readonly fleet: Pick<Fleet, 'list'>;
  readonly store: Pick<Store, 'followers'>;
  readonly rules: Rules;
  /** Resolves when the broker has every task; one cluster's tasks keep their order. Throws `publish-failed`. */
  readonly publishTasks: (tasks: readonly Task[]) => Promise<void>;
}

/**
 * Publishes one task for each cluster that follows `repository`, and for each that the store knows nothing of yet.
 * Returns how many. Publishing twice is harmless: a cluster acknowledges unread what a later reconcile has covered.
 */
export async function fanOut(
  repository: string,
  rule: ImageRule,
  cause: Omit<Task, 'cluster'>,
  { fleet, store, rules, publishTasks }: FanOutDeps,
): Promise<number> {
  const [{ members }, { known, following }] = await Promise.all([
    fleet.list(),
    store.followers(repository),
  ]);
  const concerned = ({ name, labels }: Member): boolean =>
    rules.selects(rule, labels) && (following.has(name) || !known.has(name));
  const tasks = members.filter(concerned).map(({ name }) => ({ cluster: name, ...cause }));
  await publishTasks(tasks);
  return tasks.length;
}
