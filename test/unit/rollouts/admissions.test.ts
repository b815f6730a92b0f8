import { describe, expect, it } from 'vitest';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { parseReference } from '#shared/core/reference.ts';
import { type Standing, createAdmissions } from '#shared/rollouts/admissions.ts';
import { createFindRule } from '#shared/rollouts/find-rule.ts';
import type { SyncRow } from '#shared/store/store.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { NOW, record, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { member, row } from '#test/fixtures/staged-rows.ts';

const { repository } = parseReference(IMAGE);
const OTHER = `${repository}:v2`;
const RECORD = record({ image: IMAGE, digest: B, previous: A, cursor: { cluster: 'c1' } });

function standing(
  of: SyncRow,
  records: readonly RolloutRecord[] = [RECORD],
  ring = 'canary',
): Standing | undefined {
  const match = (name: string) => (name === repository ? RULE : undefined);
  const find = createFindRule({ match }, { strategies: { of: () => strategy() } });
  const entries = records.map((one) => ({ image: one.image, record: one, known: true }));
  return createAdmissions(entries, { find, now: NOW })(of, member('c1', ring));
}

describe('a row', () => {
  it('is due where it may be approved and is not', () => {
    expect(standing(row())).toMatchObject({
      record: RECORD,
      admission: { allowed: true, digest: B },
      isDue: true,
    });
    expect(standing(row({ approved: [B, A] }))?.isDue).toBe(false);
  });

  it('waits for its stage, for a person, and without a record', () => {
    expect(standing(row(), [RECORD], 'rest')).toMatchObject({
      admission: { allowed: false, why: 'stage' },
      isDue: false,
    });
    expect(standing(row(), [{ ...RECORD, status: 'paused' }])?.isDue).toBe(false);
    expect(standing(row(), [])).toMatchObject({ admission: { why: 'record' }, isDue: false });
  });

  it('waits while it is held', () => {
    const staged = { image: IMAGE, stage: 'canary', hold: '- ops INC-7' };
    expect(standing(row({ staged }))).toMatchObject({
      admission: { allowed: false, why: 'held' },
      isDue: false,
    });
  });

  it('is due where what was rolled back is approved still, and not live', () => {
    const back = { ...RECORD, digest: A, status: 'rolled-back', rejected: [B] } as const;
    expect(standing(row({ approved: [A, B] }), [back])?.isDue).toBe(true);
    expect(standing(row({ approved: [A] }), [back])?.isDue).toBe(false);
  });

  it('is let in by every record that rolls out the same', () => {
    const other = { ...RECORD, image: OTHER };
    const first = { ...RECORD, status: 'completed' } as const;
    const late = row({ image: IMAGE });
    expect(standing(late, [first], 'rest')?.isDue).toBe(true);
    expect(standing(late, [first, other], 'rest')?.isDue).toBe(false);
  });

  it('that names a digest is under the record that rolls it out, and due when that goes on', () => {
    const image = `${repository}@${C}`;
    const approved = [C];
    const rolling = { ...RECORD, digest: C };
    const staged = { image: IMAGE, stage: 'canary', digest: C, target: C };
    const named = row({ image, target: C, live: C, approved, staged });
    expect(standing(named, [rolling])).toMatchObject({ record: rolling, isDue: false });
    expect(standing(named)).toMatchObject({ record: undefined, isDue: true });
    const moved = { ...named, staged: { ...staged, image } };
    expect(standing(moved)).toMatchObject({ record: undefined, isDue: false });
  });

  it('is no business of roll-outs without a rule, or when it is about to be gone', () => {
    expect(standing(row({ image: 'r.example/other:v1' }))).toBeUndefined();
    expect(standing(row({ deleting: true }))).toBeUndefined();
  });
});
