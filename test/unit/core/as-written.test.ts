import { describe, expect, it } from 'vitest';
import { APPROVED, isAsWritten } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import { formatReceipt } from '#shared/core/receipt.ts';
import { unexplainedKeys } from '#shared/core/approval-key.ts';
import { POLICY, UNSIGNED, VERIFIED, decisionInput, followed } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { IMAGE, applyPatch, buildRSync, annotationsOf } from '#test/fixtures/rsync.ts';

/** Many keys that no one has approved. */
const MANY = Array.from({ length: 40 }, (_, index) => `sha256:${`${index}`.padStart(64, 'e')}`);

/** Values that another writer put there where no gate is, or before one was: `A` is approved, all else is his. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['sixteen spaces before a key', `${A}${' '.repeat(16)}${C}`],
  ['two spaces before a key', `${A}  ${C}`],
  ['a key behind a leading space', ` ${A} ${C}`],
  ['a trailing space', `${A} `],
  ['the approved key twice', `${A} ${A}`],
  ['a tab', `${A}\t${C}`],
  ['a line break', `${A}\n${C}`],
  ['a no-break space', `${A}\u00a0${C}`],
  ['a comma', `${A},${C}`],
  ['more keys than are read', [A, ...MANY, C].join(' ')],
  ['another key in front', `${C} ${A}`],
  ['another case', `${A} ${C.toUpperCase()}`],
  ['nothing but spaces', ' '.repeat(20)],
];

const RECEIPT = formatReceipt({
  image: IMAGE,
  digest: A,
  verdict: 'verified',
  authorities: ['release-key'],
  policy: POLICY,
  resolvedAt: '2026-11-22T05:00:00Z',
  approvedAt: '2026-11-22T05:00:00Z',
  enforcement: 'digest',
  reason: 'push',
});

/** What the gate reads: every part between two spaces. */
function passesGate(value: string | undefined): readonly string[] {
  return (value ?? '').split(' ');
}

describe('an approval that is not written as we write it', () => {
  it.each(HOSTILE)('is written anew: %s', (_, approved) => {
    const rsync = buildRSync({ annotations: { approved, receipt: RECEIPT } });
    const unexplained = unexplainedKeys(rsync.annotations, undefined);
    const others = new Map(unexplained.map((key) => [key, UNSIGNED] as const));
    const target = followed(A, VERIFIED, { unexplained, others });
    const { patch } = decide(decisionInput(rsync, target));
    expect(patch?.annotations[APPROVED]).toBe(A);
    const after = applyPatch(rsync, patch);
    expect(decide(decisionInput(after, followed(A, VERIFIED))).patch).toBeUndefined();
  });

  it.each(HOSTILE)('keeps nothing else while its target is unsigned: %s', (_, approved) => {
    const rsync = buildRSync({ annotations: { approved, receipt: RECEIPT } });
    const unexplained = unexplainedKeys(rsync.annotations, undefined);
    const others = new Map(unexplained.map((key) => [key, UNSIGNED] as const));
    const { patch } = decide(decisionInput(rsync, followed(B, UNSIGNED, { unexplained, others })));
    const kept = passesGate(patch?.annotations[APPROVED]);
    expect(patch).toBeDefined();
    expect(kept.filter((key) => key !== A && key !== '')).toEqual([]);
  });

  it('names the keys that were never read, once', () => {
    const approved = `${A}${' '.repeat(16)}${C}`;
    const rsync = buildRSync({ annotations: { approved, receipt: RECEIPT } });
    const decision = decide(decisionInput(rsync, followed(A, VERIFIED)));
    expect(decision.dropped).toEqual([C]);
    const after = applyPatch(rsync, decision.patch);
    expect(decide(decisionInput(after, followed(A, VERIFIED))).dropped).toEqual([]);
  });
});

describe('isAsWritten()', () => {
  it.each([undefined, '', A, `${A} ${B}`, `${A} ${B} ${C}`])('%j', (value) => {
    expect(isAsWritten(annotationsOf({ approved: value }).approved)).toBe(true);
  });
});
