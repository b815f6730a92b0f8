import { describe, expect, it } from 'vitest';
import { arrive } from '#shared/core/rollout/arrive.ts';
import { command } from '#shared/core/rollout/command.ts';
import type { RolloutReceipt } from '#shared/core/rollout/fleet.ts';
import type { Amendment, RolloutRecord } from '#shared/core/rollout/record.ts';
import { learn, recover } from '#shared/core/rollout/recover.ts';
import { ACTOR, NOW, cluster, fleet, iso, live, record, strategy } from '#test/fixtures/rollout.ts';

const NEXT = { digest: 'E', resolvedAt: iso(-1), id: 'r2', by: 'push', index: 'E-index' };
const ASKED = { D: 'D-index', C: 'C-index', X: 'X-index' };

/** What is kept after a command. */
function after(
  from: Partial<RolloutRecord>,
  asked: Parameters<typeof command>[1],
): Amendment['indexes'] {
  const outcome = command(record({ indexes: ASKED, ...from }), asked, ACTOR, strategy(), NOW);
  return 'record' in outcome ? outcome.record.indexes : { refused: outcome.refused };
}

describe('the indexes of a record', () => {
  it('are of the digest that arrived, and of the way back', () => {
    const from = record({ status: 'completed', indexes: ASKED });
    expect(arrive(from, strategy(), NEXT, NOW).record.indexes).toEqual({
      E: 'E-index',
      D: 'D-index',
    });
  });

  it('are none where what arrived is no child', () => {
    const { index: _, ...bare } = NEXT;
    const { record: next } = arrive(record(), strategy(), bare, NOW);
    expect(next).not.toHaveProperty('indexes');
  });

  it('stay of what was rolled back, for a retry', () => {
    expect(after({}, { do: 'rollback', id: 'b1' })).toEqual({ C: 'C-index', D: 'D-index' });
    expect(after({}, { do: 'rollback', id: 'b1', to: 'X' })).toEqual({
      X: 'X-index',
      D: 'D-index',
    });
    const back = { kind: 'rollback', digest: 'C', rejected: ['D'], status: 'rolled-back' } as const;
    expect(after(back, { do: 'retry', id: 'r3' })).toEqual({ D: 'D-index', C: 'C-index' });
  });

  it('stay with what waits, until it starts', () => {
    const from = record({ indexes: ASKED });
    const queued = arrive(from, strategy({ onNewer: 'queue' }), NEXT, NOW).record;
    expect(queued.next).toEqual(NEXT);
    expect(queued.indexes).toEqual({ D: 'D-index', C: 'C-index' });
  });

  it('are those of the tag in a first record, where that is what runs', () => {
    const missing = { image: 'registry.example/app:v1', target: NEXT, fresh: true };
    const first = recover(missing, strategy(), fleet(cluster('c1', 'canary', live('E'))), NOW);
    expect(first?.record.indexes).toEqual({ E: 'E-index' });
    const other = recover(missing, strategy(), fleet(cluster('c1', 'canary')), NOW);
    expect(other?.record.digest).toBe('C');
    expect(other?.record).not.toHaveProperty('indexes');
  });

  it('are learnt from receipts, of the keys that the record names', () => {
    const receipt: RolloutReceipt = {
      id: 'r1',
      kind: 'forward',
      digest: 'D',
      previous: 'C',
      indexes: { D: 'D-index', C: 'C-index', constructor: 'x' },
      rejected: ['B'],
      startedAt: iso(-1),
      resolvedAt: iso(-1),
    };
    const older = { ...receipt, digest: 'B', indexes: { B: 'B-index' }, startedAt: iso(-2) };
    const clusters = [
      cluster('c1', 'canary', { receipt: older }),
      cluster('c2', 'canary', { receipt }),
    ];
    const lost = record({ status: 'paused', cause: 'record-lost', startedAt: iso(-1_000_000) });
    const learned = learn(lost, strategy(), clusters);
    expect(learned.indexes).toEqual({ D: 'D-index', C: 'C-index', B: 'B-index' });
    expect(learn(learned, strategy(), clusters)).toBe(learned);
  });
});
