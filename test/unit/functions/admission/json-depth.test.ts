import { fc } from '#test/fixtures/fast-check.ts';
import { describe, expect, it } from 'vitest';
import { isNestedDeeper } from '#functions/admission/review.ts';

const deeper = (text: string, max: number): boolean => isNestedDeeper(Buffer.from(text), max);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('isNestedDeeper()', () => {
  it.each([
    ['5', 0, false],
    ['[]', 0, true],
    ['[]', 1, false],
    ['[[],[]]', 2, false],
    ['{"a":[{}]}', 2, true],
    ['["[[[["]', 1, false],
    [String.raw`["\"[[[[", "\\", []]`, 2, false],
    [String.raw`["\\\"[", {"a":"]"}]`, 2, false],
    ['["[[[', 1, false],
    ['[[[', 2, true],
  ])('of %s and %i', (text, max, expected) => {
    expect(deeper(text, max)).toBe(expected);
  });

  it('agrees with what a parser finds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const depth = depthOf(JSON.parse(text));
        expect(deeper(text, depth)).toBe(false);
        expect(depth === 0 || deeper(text, depth - 1)).toBe(true);
      }),
    );
  });
});
