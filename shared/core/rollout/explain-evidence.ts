import type { RolloutScene, RolloutStep } from './explain-steps.ts';
import { isMoving } from './moving.ts';
import { evidenceToGo, sayCheck, viewChecks } from './view-checks.ts';

/**
 * What the checks of the stage where the roll-out stands came to; nothing where no stage of the strategy has any.
 *
 * @example
 * explainEvidence(scene)[0]?.finding // 'Stage "canary" waits for its checks'
 */
export function explainEvidence({
  record,
  strategy,
  noted,
  now,
}: RolloutScene): readonly RolloutStep[] {
  if (strategy.stages.every(({ checks }) => checks === undefined)) return [];
  const stage = strategy.stages.find(({ name }) => name === record.stage);
  const name = `Stage ${JSON.stringify(record.stage)}`;
  const isStopped = record.status === 'halted' && record.cause === 'evidence';
  if (stage?.checks === undefined || !(isMoving(record) || isStopped)) {
    return [stepOf('ok', 'No checks are asked for where the roll-out stands')];
  }
  const details = viewChecks(record, stage, noted).map(sayCheck);
  const states = record.checks ?? [];
  if (states.some(({ outcome }) => outcome === 'failed')) {
    return [stepOf('bad', `${name} has checks that fail`, details)];
  }
  if (states.some(({ outcome }) => outcome === 'unknown')) {
    return [stepOf('unknown', `${name} has checks without an answer`, details)];
  }
  if (states.length === 0) {
    return [stepOf('wait', `${name} has checks, which are asked once it is live`, details)];
  }
  return evidenceToGo(stage, record, now) > 0
    ? [stepOf('wait', `${name} has checks that are not met for long enough`, details)]
    : [stepOf('ok', `${name} has checks, and all are met`, details)];
}

function stepOf(
  outcome: RolloutStep['outcome'],
  finding: string,
  details: readonly string[] = [],
): RolloutStep {
  return { step: 'evidence', outcome, finding, details };
}
