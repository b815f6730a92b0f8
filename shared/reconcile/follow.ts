import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { type Target, targetOf } from '#shared/core/target.ts';
import { type Unfollowed, explainUnfollowed } from '#shared/core/unfollowed.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import type { ReconcileSettings } from './deps.ts';

/** An RSync that the config names, and what it is to be on. */
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
  const { source, annotations } = rsync;
  const rule = ruleOf(rsync, rules);
  if (rule === undefined || !rules.selects(rule, labels)) return undefined;
  const target = targetOf(source, rule, annotations.receipt.facts);
  return target && { rsync, rule, target };
}

/** Why one that is not followed is not. */
export function whyUnfollowed(
  rsync: RSync,
  rules: ImageRules,
  { unmatched, otherSources }: ReconcileSettings,
): Unfollowed {
  return explainUnfollowed(rsync.source, { rule: ruleOf(rsync, rules), unmatched, otherSources });
}

function ruleOf(rsync: RSync, rules: ImageRules): ImageRule | undefined {
  const repository = repositoryOf(rsync);
  return repository === undefined ? undefined : rules.match(repository);
}

function repositoryOf({ source }: RSync): string | undefined {
  return source.type === 'oci' || source.type === 'helm' ? source.reference.repository : undefined;
}

/** The repositories that these RSyncs follow, distinct and sorted: what the store remembers of a cluster. */
export function repositoriesOf(
  reads: readonly { readonly entry: FollowedRSync | undefined }[],
): readonly string[] {
  const names = reads.flatMap(({ entry }) => (entry && repositoryOf(entry.rsync)) ?? []);
  return [...new Set(names)].toSorted();
}
