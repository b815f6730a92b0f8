import { shellWord } from '../shell-word.ts';
import type { Wait } from './admits.ts';
import type { RolloutScene } from './explain-steps.ts';
import { type Freeze, isFrozen } from './windows.ts';

/** What a person can type so that it goes on, and what that does. Words in capitals are the person's to fill in. */
export interface Fix {
  readonly command: string;
  readonly why: string;
}

/** What ends a wait; undefined where time alone does, or another digest. */
export function fixOfWait(
  why: Wait,
  { record, strategy, cluster, sync, now }: RolloutScene,
): Fix | undefined {
  const { id, stage, status, cause } = record;
  switch (why) {
    case 'held':
      return fixOfHold(cluster.cluster, sync.sync);
    case 'paused':
      return { command: decide('resume', id), why: 'Lets the roll-out go on' };
    case 'halted':
      return {
        command: `countersign rollout show ${id}`,
        why: 'Has what failed: resume it, roll it back, or push a newer digest',
      };
    case 'rejected':
    case 'aborted':
      return { command: decide('retry', id), why: 'Rolls the digest out again' };
    case 'freeze':
      return fixOfFreeze(
        strategy.freezes.filter((one) => one.selects(cluster.labels)),
        now,
      );
    case 'stage':
      return status === 'awaiting-approval' && cause === 'approval'
        ? {
            command: `countersign rollout approve ${id} --stage ${shellWord(stage)} --reason "…"`,
            why: 'Opens the next stage; for approvers of this one',
          }
        : undefined;
    default:
      return undefined;
  }
}

/**
 * What lifts a hold.
 *
 * @example
 * fixOfHold('cluster-1', 'RootSync/root-sync').command // 'countersign unhold cluster-1 RootSync/root-sync --reason "…"'
 */
export function fixOfHold(cluster: string, sync: string): Fix {
  return {
    command: `countersign unhold ${shellWord(cluster)} ${shellWord(sync)} --reason "…"`,
    why: 'Lifts the hold, also that of another person',
  };
}

/** What lifts a person's freeze, where one is among those that hold; the config's own end by the config. */
export function fixOfFreeze(freezes: readonly Freeze[], now: Date): Fix | undefined {
  const held = freezes.find((freeze) => freeze.person !== undefined && isFrozen(freeze, now));
  if (held === undefined) return undefined;
  return {
    command: `countersign unfreeze ${shellWord(held.name)} --reason "…"`,
    why: 'Lifts the freeze, also that of another person',
  };
}

function decide(verb: string, id: string): string {
  return `countersign rollout ${verb} ${id} --reason "…"`;
}
