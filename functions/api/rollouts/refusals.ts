import type { Command, Refusal } from '#shared/core/rollout/command.ts';
import { MAX_IGNORED } from '#shared/core/rollout/record.ts';
import { type Problem, problem } from '#shared/http/problem.ts';
import type { FoundRollout } from './find-rollout.ts';

/** What each verb asks of the roll-out. */
const NEEDS: Readonly<Record<Command['do'], string>> = {
  pause: 'only what goes on can be paused',
  resume: 'only what is paused or halted can be resumed',
  abort: 'only what has not ended can be aborted',
  approve: 'only the stage that waits for an approval can be approved',
  rollback: 'only what goes forward can be rolled back',
  retry: 'only what was halted, aborted or rolled back can be tried again',
};

/** Why a decision takes no effect, and what to do. */
export function problemOfRefusal(
  refused: Refusal,
  asked: Command['do'],
  { record: { status, stage }, strategy }: FoundRollout,
): Problem {
  switch (refused) {
    case 'not-now': {
      const gone = 'The config has no strategy for its image any more, so that nothing is staged';
      const detail = `The roll-out is ${status}: ${NEEDS[asked]}`;
      return problem(409, 'rollout-not-now', strategy === undefined ? gone : detail);
    }
    case 'too-many':
      return problem(
        409,
        'rollout-too-many',
        `At most ${MAX_IGNORED} clusters are ignored: roll back, or correct the digest and push again`,
      );
    case 'not-an-approver':
      return problem(
        403,
        'rollout-not-an-approver',
        `The strategy does not name you among the approvers of stage ${stage}: ask one of those`,
      );
    case 'not-by-starter':
      return problem(
        403,
        'rollout-not-by-starter',
        'You started this roll-out: another approver has to approve its stages',
      );
    case 'approved-before':
      return problem(
        409,
        'rollout-approved-before',
        `You have approved stage ${stage} already: another approver has to`,
      );
    case 'no-way-back':
      return problem(
        409,
        'rollout-no-way-back',
        'No digest to go back to is known: name one that was not rolled back',
      );
  }
}
