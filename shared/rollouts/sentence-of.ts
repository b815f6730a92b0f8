import type { Cause, Notice } from '#shared/core/rollout/record.ts';

/** Clusters, or checks, that a sentence names. */
const MAX_NAMED = 3;

/**
 * A notice as the beginning of a sentence for people.
 *
 * @example
 * sentenceOf(noticeOf(record, 'stage.opened')) // 'Stage early is open'
 */
export function sentenceOf(notice: Notice): string {
  const { type, stage, cause, by, overdue, checks, clusters = [] } = notice;
  const who = by === undefined ? '' : ` by ${by}`;
  const still = overdue === true ? ', for a day or longer' : '';
  return `${SENTENCES[type](stage, cause)}${still}${who}${namesOf(checks ?? clusters)}`;
}

const SENTENCES: Readonly<
  Record<Notice['type'], (stage: string, cause: Cause | undefined) => string>
> = {
  started: (stage) => `The roll-out begins with stage ${stage}`,
  superseded: () => 'A newer digest replaces this one',
  'stage.opened': (stage) => `Stage ${stage} is open`,
  'stage.passed': (stage) => `Stage ${stage} is passed`,
  'stage.skipped': (stage) => `Stage ${stage} has no cluster and is skipped`,
  waiting: (stage, cause) =>
    cause === 'tag'
      ? `The rollback waits${because(cause)}`
      : `After stage ${stage} the roll-out waits${because(cause)}`,
  approved: (stage) => `Stage ${stage} is approved`,
  paused: (stage, cause) => `Paused in stage ${stage}${because(cause)}`,
  resumed: (stage) => `Resumed in stage ${stage}`,
  promoted: (stage) => `All stages up to ${stage} are open at once`,
  halted: (stage, cause) => `Halted in stage ${stage}${because(cause)}`,
  recovered: () => 'No longer halted',
  aborted: (stage) => `Aborted in stage ${stage}`,
  'rolling-back': (_, cause) => `All clusters that have the digest go back${because(cause)}`,
  'rolled-back': () => 'Rolled back',
  interrupted: () =>
    'The record of the roll-out is lost: nothing new is approved until a person resumes',
  completed: (_, cause) =>
    cause === 'adoption' ? 'The fleet is adopted as it is' : 'The roll-out is completed',
  retired: () => 'The image no longer has a strategy',
};

const CAUSES: Readonly<Record<Exclude<Cause, 'person'>, string>> = {
  'record-lost': 'its record is lost',
  'digests-differ': 'several digests are live',
  'clusters-unseen': 'some clusters were never seen',
  'stage-gone': 'the config no longer has this stage',
  failures: 'too many clusters failed',
  unreachable: 'too many clusters are unreachable',
  'no-evidence': 'no cluster shows that the digest works',
  evidence: 'the checks of the stage do not show that the digest works',
  rejected: 'the digest was rolled back before',
  empty: 'no cluster follows the image there',
  approval: 'people must approve',
  signature: 'the next stage requires a signature',
  window: 'no window is open',
  freeze: 'the next clusters are frozen',
  tag: 'a person must move the tag, which names the digest that was rolled back',
  adoption: 'the fleet is adopted as it is',
};

/** What a person decided has a name and a reason, and needs no cause. */
function because(cause: Cause = 'person'): string {
  return cause === 'person' ? '' : `: ${CAUSES[cause]}`;
}

function namesOf(all: readonly string[]): string {
  if (all.length === 0) return '';
  const more = all.length - MAX_NAMED;
  const names = all.slice(0, MAX_NAMED).join(', ');
  return `: ${names}${more > 0 ? ` and ${more} more` : ''}`;
}
