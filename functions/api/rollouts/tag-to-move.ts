import { isDigest } from '#shared/core/digest.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { DecisionAnswer } from './decision-operation.ts';
import type { FoundRollout } from './find-rollout.ts';

/**
 * The tag that a rollback waits for under `effect: gate`: an approval stops a digest, and only the tag moves a cluster.
 * Undefined where nothing has to be moved by hand.
 */
export function tagToMove({ record, rule }: FoundRollout): DecisionAnswer['needsTag'] {
  const { kind, image, digest: key, indexes = {} } = record;
  const { repository, tag } = tryReference(image) ?? {};
  const gated = kind === 'rollback' && rule?.effect === 'gate';
  if (!gated || tag === undefined || !isDigest(key)) return undefined;
  const digest = Object.hasOwn(indexes, key) ? (indexes[key] ?? key) : key;
  return { tag, digest, command: `crane tag ${repository}@${digest} ${tag}` };
}
