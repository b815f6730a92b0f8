import { beginOf, goBack } from './arrive.ts';
import { type Asker, type Outcome, type Request, apply, refuse } from './by-person.ts';
import { type Promotion, promote } from './promote.ts';
import { MAX_IGNORED, NO_CAUSE, NO_TURNS, type RolloutRecord } from './record.ts';
import { type Started, start } from './start.ts';
import type { Release } from '../track/track.ts';
import type { Strategy } from './strategy.ts';

/** What a person asks of a roll-out. Who may ask is not judged here, but that a starter does not approve. */
export type Command =
  | { readonly do: 'pause' | 'abort' }
  /** Goes on although these clusters failed, or are out of reach. */
  | { readonly do: 'resume'; readonly ignore: readonly string[] }
  | { readonly do: 'approve'; readonly stage: string }
  /** Back to `to`, the child of `index`, or else to what was completed last. `id` names the way back. */
  | {
      readonly do: 'rollback';
      readonly id: string;
      readonly to?: string;
      readonly index?: string;
      readonly release?: Release;
    }
  /** The digest that was halted, aborted or rolled back, from the first stage. */
  | { readonly do: 'retry'; readonly id: string }
  | ({ readonly do: 'promote' } & Promotion)
  | ({ readonly do: 'start' } & Started);

/**
 * What a person's command makes of the record. One that cannot take effect is refused, never kept for later.
 *
 * @example
 * const outcome = command(record, { do: 'pause' }, { by: 'ops@acme.example', reason: 'INC-7' }, strategy, now);
 * if ('refused' in outcome) return conflict(outcome.refused);
 */
export function command(
  record: RolloutRecord,
  asked: Command,
  actor: Asker,
  strategy: Strategy,
  now: Date,
): Outcome {
  const request: Request = { record, actor, strategy, now };
  if (record.status === 'retired') return refuse('not-now');
  switch (asked.do) {
    case 'pause':
      return pause(request);
    case 'resume':
      return resume(request, asked.ignore);
    case 'abort':
      return abort(request);
    case 'approve':
      return approve(request, asked.stage);
    case 'rollback':
      return rollback(request, asked);
    case 'retry':
      return retry(request, asked.id);
    case 'promote':
      return promote(request, asked);
    case 'start':
      return start(request, asked);
  }
}

function pause(request: Request): Outcome {
  const { status, cause } = request.record;
  if (status === 'aborted' || (status === 'paused' && cause === 'person')) return refuse('not-now');
  const before = status === 'completed' || status === 'rolled-back' ? { before: status } : {};
  return apply(request, 'pause', 'paused', {
    ...NO_CAUSE,
    ...before,
    status: 'paused',
    cause: 'person',
  });
}

function resume(request: Request, ignore: readonly string[]): Outcome {
  const { status, kind, before, ignored, cause } = request.record;
  if (status !== 'paused' && status !== 'halted') return refuse('not-now');
  const all = [...new Set([...ignored, ...ignore])];
  if (all.length > MAX_IGNORED) return refuse('too-many');
  const first = request.strategy.stages[0].name;
  return apply(request, 'resume', 'resumed', {
    ...NO_CAUSE,
    status: before ?? (kind === 'rollback' ? 'rolling-back' : 'rolling'),
    ignored: all,
    before: undefined,
    // Where its stage is gone, it begins again at the first: who has the digest passes them by.
    ...(cause === 'stage-gone'
      ? { stage: first, openedAt: request.now.toISOString(), ...NO_TURNS }
      : {}),
  });
}

function abort(request: Request): Outcome {
  const { status, before } = request.record;
  const over = before ?? status;
  if (over === 'completed' || over === 'rolled-back' || over === 'aborted')
    return refuse('not-now');
  return apply(request, 'abort', 'aborted', { ...NO_CAUSE, status: 'aborted', cause: 'person' });
}

function approve(request: Request, stage: string): Outcome {
  const { record, actor, strategy, now } = request;
  const awaited = record.status === 'awaiting-approval' && record.cause === 'approval';
  if (!awaited || record.stage !== stage) return refuse('not-now');
  const { approval } = strategy.stages.find(({ name }) => name === stage) ?? {};
  if (approval?.approvers.includes(actor.by) !== true) return refuse('not-an-approver');
  if (actor.by === record.startedBy) return refuse('not-by-starter');
  const before = record.approvals.some((given) => given.stage === stage && given.by === actor.by);
  if (before) return refuse('approved-before');
  const approvals = [...record.approvals, { stage, by: actor.by, at: now.toISOString() }];
  return apply(request, `approve ${stage}`, 'approved', { approvals });
}

function rollback(
  request: Request,
  { id, to, index, release }: Extract<Command, { readonly do: 'rollback' }>,
): Outcome {
  const { record, actor, now } = request;
  const target = to ?? record.previous;
  if (record.kind === 'rollback') return refuse('not-now');
  if (target === undefined || target === record.digest || record.rejected.includes(target)) {
    return refuse('no-way-back');
  }
  const back = goBack(record, { id, digest: target, by: actor.by, now });
  const indexes = index === undefined ? {} : { indexes: { ...record.indexes, [target]: index } };
  const releases =
    release === undefined ? {} : { releases: { ...record.releases, [target]: release } };
  return apply(request, `rollback ${record.id}`, 'rolling-back', {
    ...back,
    ...indexes,
    ...releases,
  });
}

function retry(request: Request, id: string): Outcome {
  const { record, actor, strategy, now } = request;
  const { status, kind, digest, rejected } = record;
  const ended = status === 'halted' || status === 'aborted' || status === 'rolled-back';
  const again = kind === 'rollback' ? rejected.at(-1) : digest;
  if (!ended || again === undefined) return refuse('not-now');
  const at = now.toISOString();
  return apply(request, `retry ${record.id}`, 'started', {
    ...NO_CAUSE,
    id,
    kind: 'forward',
    digest: again,
    previous: kind === 'rollback' ? digest : record.previous,
    status: 'rolling',
    startedAt: beginOf(record, now),
    startedBy: actor.by,
    stage: strategy.stages[0].name,
    openedAt: at,
    ...NO_TURNS,
    approvals: [],
    rejected: rejected.filter((key) => key !== again),
    ignored: [],
  });
}
