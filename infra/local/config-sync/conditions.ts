import { isDeepStrictEqual } from 'node:util';
import type { Condition, Status } from './schema.ts';

export type ConditionType = 'Reconciling' | 'Stalled' | 'Syncing' | 'ReconcilerFinalizing';

/** What a condition says, apart from its type and times. */
export type ConditionText = Pick<
  Condition,
  'status' | 'reason' | 'message' | 'commit' | 'errorSourceRefs' | 'errorSummary'
>;

/** The status with one condition set; its times move only where it says something new, `now` as RFC 3339. */
export function setCondition(
  status: Status,
  type: ConditionType,
  text: ConditionText,
  now: string,
): Status {
  const conditions = status.conditions ?? [];
  const old = findCondition(status, type);
  if (old !== undefined && isDeepStrictEqual(textOf(old), text)) return status;
  const since = old?.status === text.status ? (old.lastTransitionTime ?? now) : now;
  const set: Condition = { type, ...text, lastUpdateTime: now, lastTransitionTime: since };
  const next =
    old === undefined
      ? [...conditions, set]
      : conditions.map((condition) => (condition === old ? set : condition));
  return { ...status, conditions: next };
}

/** A condition that is True becomes False, with neither reason nor message; any other stays as it is. */
export function clearCondition(status: Status, type: ConditionType, now: string): Status {
  if (!isTrue(status, type)) return status;
  return setCondition(status, type, { status: 'False' }, now);
}

/** The status without that condition. */
export function removeCondition(status: Status, type: ConditionType): Status {
  if (findCondition(status, type) === undefined) return status;
  const conditions = (status.conditions ?? []).filter((condition) => condition.type !== type);
  return { ...status, conditions };
}

/** Whether the condition is there and True. */
export function isTrue(status: Status, type: ConditionType): boolean {
  return findCondition(status, type)?.status === 'True';
}

function findCondition(status: Status, type: ConditionType): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

function textOf(condition: Condition): ConditionText {
  const { type: _, lastUpdateTime: _u, lastTransitionTime: _t, ...text } = condition;
  return text;
}
