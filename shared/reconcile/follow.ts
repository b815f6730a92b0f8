import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { type Target, targetOf } from '#shared/core/target.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';

/** An RSync that the config tells us to follow, and what it is to be on. */
export interface FollowedRSync {
  readonly rsync: RSync;
  readonly rule: ImageRule;
  readonly target: Target;
}

/** The rule and target of one RSync; undefined when it is not followed in a cluster with these labels. */
export function follow(
  rsync: RSync,
  rules: ImageRules,
  labels: Readonly<Record<string, string>>,
): FollowedRSync | undefined {
  const { source } = rsync;
  if (rsync.deleting || (source.type !== 'oci' && source.type !== 'helm')) return undefined;
  const rule = rules.match(source.reference.repository);
  if (rule === undefined || !rules.selects(rule, labels)) return undefined;
  const target = targetOf(source, rule);
  return target === undefined ? undefined : { rsync, rule, target };
}

/** The repositories that these RSyncs follow, distinct and sorted: what the store remembers of a cluster. */
export function repositoriesOf(followed: readonly FollowedRSync[]): readonly string[] {
  const names = followed.flatMap(({ rsync: { source } }) =>
    source.type === 'oci' || source.type === 'helm' ? [source.reference.repository] : [],
  );
  return [...new Set(names)].toSorted();
}
