import { type FoundHold, HOLD } from '../annotations.ts';
import type { Wait } from './admits.ts';

interface Waiting {
  /** The approval key that is waited for. */
  readonly digest: string | undefined;
  /** Absent: its image goes everywhere at once. */
  readonly stage?: string | undefined;
  /** As `sayFreeze` has it, where one holds. */
  readonly freeze?: string | undefined;
  readonly hold: FoundHold | undefined;
  /** The image whose roll-out it is, where that is another one's. */
  readonly by?: string | undefined;
}

/**
 * What an RSync waits for, in one sentence for people.
 *
 * @example
 * sayWait('stage', { digest, stage: 'rest', hold: undefined }) // 'Waits for stage "rest" to open'
 */
export function sayWait(why: Wait, waiting: Waiting): string {
  const { by } = waiting;
  const sentence = sentenceOf(why, waiting);
  return by === undefined ? sentence : `${sentence}, by the roll-out of ${by}, which names it too`;
}

function sentenceOf(
  why: Wait,
  { digest = 'The digest', stage = '', freeze, hold }: Waiting,
): string {
  const of = `stage ${JSON.stringify(stage)}`;
  switch (why) {
    case 'record':
      return 'Waits for the record of its roll-out: the next sweep begins one, a person resumes one that was lost';
    case 'rejected':
      return `${digest} was rolled back, and a person alone starts it again`;
    case 'held':
      return `Held by ${HOLD}${sayHold(hold)}`;
    case 'freeze':
      return freeze ?? 'Frozen, by a freeze that holds for its cluster';
    case 'paused':
    case 'halted':
    case 'aborted':
      return `Its roll-out is ${why}`;
    case 'rollback':
      return 'Waits for the end of a rollback that is not about it';
    case 'window':
      return `Waits for a window of ${of}`;
    case 'stage':
      return `Waits for ${of} to open`;
    case 'queue':
      return `Waits for its turn in ${of}`;
    case 'signature':
      return `${digest} does not meet the trust policy that ${of} asks for`;
  }
}

/** A hold is there until it is taken away, whatever its text says. */
function sayHold(hold: FoundHold | undefined): string {
  if (hold?.facts === undefined) return ', until it is lifted';
  const { until, by, reason } = hold.facts;
  const end = until === undefined ? '' : ` (meant until ${until})`;
  const unwritten = hold.unwritten === true ? ', which is not on it yet' : '';
  return ` of ${by}${end}${unwritten}, until it is lifted: ${reason}`;
}
