import type { Command } from '#shared/core/rollout/command.ts';
import { MAX_IGNORED } from '#shared/core/rollout/record.ts';
import { type Problem, problem } from '#shared/http/problem.ts';
import type { Decided } from './decide.ts';

/** What each verb asks of the roll-out. */
const NEEDS: Readonly<Record<Command['do'], string>> = {
  pause: 'only what goes on can be paused',
  resume: 'only what is paused or halted can be resumed',
  abort: 'only what has not ended can be aborted',
  approve: 'only the stage that waits for an approval can be approved',
  rollback: 'only what goes forward can be rolled back',
  retry: 'only what was halted, aborted or rolled back can be tried again',
  promote:
    'only what goes forward can be promoted; resume first what is paused or halted, and retry what was aborted',
  start: 'what is paused is resumed or aborted first, and a way back is waited for',
};

/** Why a decision takes no effect, and what to do. */
export function problemOfRefusal(
  { refused, by, found }: Extract<Decided, { readonly status: 'refused' }>,
  asked: Command['do'],
): Problem {
  const { record, strategy } = found;
  const { status, stage, digest } = record;
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
        'There is no way back: the digest that is named is the present one or was rolled back, or none is named and none has completed all its stages: name another',
      );
    case 'no-such-stage': {
      const names = strategy?.stages.map(({ name }) => name).join(', ') ?? '';
      return problem(
        409,
        'rollout-no-such-stage',
        `Its strategy has no such stage: it has ${names}`,
      );
    }
    case 'open-already':
      return problem(
        409,
        'rollout-open-already',
        `Stage ${stage} is the newest that is open: all before it are open already`,
      );
    case 'not-signed':
      return problem(
        409,
        'rollout-not-signed',
        'The digest does not meet the trust policy that a stage asks for with signedBy: sign it, or promote up to the stage before',
      );
    case 'rejected':
      return problem(
        409,
        'rollout-rejected',
        by === undefined
          ? 'The digest was rolled back: only a retry of its roll-out brings it again'
          : `The digest was rolled back by the roll-out of ${by}: retry that one, or name another digest`,
      );
    case 'same':
      return problem(
        409,
        'rollout-same',
        `The roll-out is of ${digest} already: retry it where it ended`,
      );
    case 'older':
      return problem(
        409,
        'rollout-older',
        'The registry answers with an older reading than the one that is recorded: ask again',
      );
    case 'queues':
      return problem(
        409,
        'rollout-queues',
        'A roll-out is under way, and onNewer is queue: abort it, or wait for its end',
      );
  }
}
