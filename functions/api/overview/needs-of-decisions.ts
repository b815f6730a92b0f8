import { defined } from '#shared/core/defined.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { shellWord } from '#shared/core/shell-word.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Found } from '#shared/rollouts/find-rule.ts';
import { sayFrozen } from '#shared/rollouts/freeze-events.ts';
import { runbookOf } from './needs-of-causes.ts';
import type { Need } from './operation.ts';
import { shortDigest, shortImage } from './sentences.ts';

const REASON = '--reason "…"';
const NONE = { clusters: 0, syncs: 0, examples: [] };

/** What a roll-out waits for a person for; undefined where it goes on by itself, or has ended. */
export function needOfRollout(
  { image, record, known }: Entry,
  find: (image: string) => Found,
): Need | undefined {
  if (record === undefined) return known ? lost(image) : undefined;
  const { id, status, digest, openedAt, history, stage } = record;
  const { by, reason, at } = history.at(-1) ?? {};
  const about = { ...NONE, image, rollout: id, stage };
  const name = `${shortImage(image)}, ${shortDigest(digest)},`;
  const show = `countersign rollout show ${shellWord(id)}`;
  switch (status) {
    case 'halted':
      return defined({
        ...about,
        kind: 'rollout-halted' as const,
        severity: 'error' as const,
        title: `The roll-out of ${name} is halted in stage ${stage}${sayCause(record)}`,
        reason: record.cause,
        since: openedAt,
        waitsFor: 'an operator: resume it, or roll it back',
        command: show,
        runbook: runbookOf('rollout-halted'),
      });
    case 'rolling-back':
      return {
        ...about,
        kind: 'rollout-back',
        severity: 'warning',
        title: `${shortImage(image)} goes back to ${shortDigest(digest)}`,
        since: openedAt,
        command: show,
        runbook: runbookOf('rollout-halted'),
      };
    case 'paused': {
      const isLost = record.cause === 'record-lost';
      return defined({
        ...about,
        kind: isLost ? ('rollout-lost' as const) : ('rollout-paused' as const),
        severity: isLost ? ('error' as const) : ('waiting' as const),
        title: `The roll-out of ${name} is paused in stage ${stage}${sayCause(record)}`,
        detail: by === undefined ? undefined : `${by}: ${reason ?? ''}`,
        reason: record.cause,
        since: at ?? openedAt,
        waitsFor: by,
        command: `countersign rollout resume ${shellWord(id)} ${REASON}`,
        runbook: runbookOf(isLost ? 'rollout-interrupted' : 'rollout-waits'),
      });
    }
    case 'awaiting-approval': {
      const found = find(image).strategy?.stages.find((one) => one.name === stage);
      const approvers = found?.approval?.approvers ?? [];
      return defined({
        ...about,
        kind: 'rollout-approval' as const,
        severity: 'waiting' as const,
        title: `The roll-out of ${name} waits for an approval of stage ${stage}`,
        since: openedAt,
        waitsFor: approvers.length === 0 ? undefined : approvers.join(', '),
        command: `countersign rollout approve ${shellWord(id)} --stage ${shellWord(stage)} ${REASON}`,
        runbook: runbookOf('rollout-waits'),
      });
    }
    default:
      return undefined;
  }
}

function sayCause({ cause }: RolloutRecord): string {
  return cause === undefined || cause === 'person' ? '' : ` (${cause.replaceAll('-', ' ')})`;
}

function lost(image: string): Need {
  return {
    ...NONE,
    kind: 'rollout-lost',
    severity: 'error',
    title: `The record of ${shortImage(image)} is lost or unreadable: nothing is newly approved for it`,
    image,
    waitsFor: 'an operator',
    command: 'countersign rollouts',
    runbook: runbookOf('rollout-interrupted'),
  };
}

/** A freeze holds until a person lifts it, or its time is over. */
export function needOfFreeze(freeze: PersonFreeze): Need {
  const { id, by, reason, at, until } = freeze;
  return {
    ...NONE,
    kind: 'freeze',
    severity: 'waiting',
    title: `${sayFrozen(freeze)}: frozen${until === undefined ? '' : ` until ${until}`}`,
    detail: `${by}: ${reason}`,
    ...(freeze.image === undefined ? {} : { image: freeze.image }),
    since: at,
    waitsFor: by,
    command: `countersign unfreeze ${shellWord(id)} ${REASON}`,
    runbook: runbookOf('freeze-holds'),
  };
}
