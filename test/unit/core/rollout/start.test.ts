import { describe, expect, it } from 'vitest';
import { arrive } from '#shared/core/rollout/arrive.ts';
import type { Refusal } from '#shared/core/rollout/by-person.ts';
import { command } from '#shared/core/rollout/command.ts';
import type { Change, RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Started } from '#shared/core/rollout/start.ts';
import { ACTOR, HOUR, NOW, iso, record, strategy, typesOf } from '#test/fixtures/rollout.ts';

const BY = strategy();
const E = { digest: 'E', resolvedAt: iso(0), id: 'r9' };

function start(
  from: Partial<RolloutRecord>,
  asked: Partial<Started> = {},
  by = BY,
): Change | Refusal {
  const asking = { do: 'start', arrival: E, ...asked } as const;
  const outcome = command(record(from), asking, ACTOR, by, NOW);
  return 'refused' in outcome ? outcome.refused : outcome;
}

function started(from: Partial<RolloutRecord>, asked: Partial<Started> = {}): Change {
  const change = start(from, asked);
  if (typeof change === 'string') throw new Error(change);
  return change;
}

describe('a roll-out that a person starts', () => {
  it('begins at the first stage, in place of what is completed', () => {
    const { record: made, notices } = started({ status: 'completed', stage: 'rest' });
    expect(made).toMatchObject({
      id: 'r9',
      digest: 'E',
      previous: 'D',
      status: 'rolling',
      stage: 'canary',
      version: 8,
      startedBy: ACTOR.by,
    });
    expect(made.history).toMatchObject([{ did: 'start E', ...ACTOR }]);
    expect(notices).toMatchObject([{ type: 'started', id: 'r9', version: 8, ...ACTOR }]);
  });

  it.each<[Partial<RolloutRecord>, string[]]>([
    [{}, ['superseded', 'started']],
    [{ status: 'halted', cause: 'failures' }, ['recovered', 'superseded', 'started']],
    [{ status: 'aborted', cause: 'person' }, ['started']],
    [{ kind: 'rollback', status: 'rolled-back', digest: 'C', rejected: ['D'] }, ['started']],
  ])('replaces %j', (from, types) => {
    const change = started(from);
    expect(typesOf(change)).toEqual(types);
    expect(new Set(change.notices.map(({ version }) => version))).toEqual(new Set([8]));
    expect(change.record).not.toHaveProperty('cause');
  });

  it.each<[string, Partial<RolloutRecord>, Partial<Started>, Refusal]>([
    ['what was rolled back', { rejected: ['E'] }, {}, 'rejected'],
    ['what is rolled out', { digest: 'E' }, {}, 'same'],
    ['while a person has it paused', { status: 'paused', cause: 'person' }, {}, 'not-now'],
    ['while its record is lost', { status: 'paused', cause: 'record-lost' }, {}, 'not-now'],
    ['on the way back', { kind: 'rollback', status: 'rolling-back' }, {}, 'not-now'],
    ['without a strategy', { status: 'retired' }, {}, 'not-now'],
    ['by an older reading', {}, { arrival: { ...E, resolvedAt: iso(-2 * HOUR) } }, 'older'],
  ])('is not %s', (_, from, asked, refusal) => {
    expect(start(from, asked)).toBe(refusal);
  });

  it('waits for no other where newer ones queue, and cuts none short', () => {
    const queue = strategy({ onNewer: 'queue' });
    expect(start({ status: 'soaking' }, {}, queue)).toBe('queues');
    expect(start({ status: 'completed' }, {}, queue)).toMatchObject({ record: { digest: 'E' } });
  });

  it('passes over what the tag names, until the tag moves', () => {
    const { record: made } = started({}, { passedOver: 'F' });
    const arrival = (digest: string) => ({ digest, resolvedAt: iso(HOUR), id: 'r10', by: 'sweep' });
    expect(arrive(made, BY, arrival('F'), NOW).record).toBe(made);
    const { record: next } = arrive(made, BY, arrival('G'), NOW);
    expect(next).toMatchObject({ digest: 'G' });
    expect(next).not.toHaveProperty('passedOver');
    // It named what was started, and then again what it had named before.
    const { record: named } = arrive(made, BY, arrival('E'), NOW);
    const again = { ...arrival('F'), resolvedAt: iso(2 * HOUR) };
    expect(arrive(named, BY, again, NOW).record).toMatchObject({ digest: 'F' });
  });
});
