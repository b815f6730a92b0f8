import { isDigest } from '#shared/core/digest.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { DecisionAnswer } from './decision-operation.ts';
import type { FoundRollout } from './find-rollout.ts';

/**
 * The tag that a roll-out waits for under `effect: gate`, on the way back or of a digest that the tag does not name: an
 * approval stops a digest, and only the tag moves a cluster.
 * Undefined where nothing has to be moved by hand.
 */
export function tagToMove({ record, rule }: FoundRollout): DecisionAnswer['needsTag'] {
  const { kind, passedOver, image, digest: key, indexes = {} } = record;
  const { repository, tag } = tryReference(image) ?? {};
  const isBack = kind === 'rollback' && rule?.rollback !== 'pin';
  const gated = (isBack || passedOver !== undefined) && rule?.effect === 'gate';
  if (!gated || tag === undefined || !isDigest(key)) return undefined;
  const digest = Object.hasOwn(indexes, key) ? (indexes[key] ?? key) : key;
  return { tag, digest, command: `crane tag ${repository}@${digest} ${tag}` };
}
