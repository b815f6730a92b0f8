import { describe, expect, it } from 'vitest';
import { approveKey, formatApproved, parseApproved } from '#shared/core/annotations.ts';

describe('parseApproved()', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['a', ['a']],
    ['a b', ['a', 'b']],
    ['a  b ', ['a', 'b']],
    ['a b a', ['a', 'b']],
  ])('reads %j', (value, keys) => {
    expect(parseApproved(value)).toEqual(keys);
  });

  it('reads no more than 16 keys', () => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    expect(parseApproved(keys.join(' '))).toHaveLength(16);
  });
});

describe('formatApproved()', () => {
  it('writes the empty string for a withdrawn approval', () => {
    expect(formatApproved([])).toBe('');
  });
});

describe('approveKey()', () => {
  it.each([
    ['the first', 'n', undefined, [], ['n']],
    ['the live one behind it', 'n', 'l', [], ['n', 'l']],
    ['the live one once', 'n', 'l', ['l', 'x'], ['n', 'l', 'x']],
    ['two before and no more', 'n', 'l', ['l', 'x', 'y', 'z'], ['n', 'l', 'x', 'y']],
    ['two before when nothing is live', 'n', undefined, ['x', 'y', 'z'], ['n', 'x', 'y']],
    ['itself when live', 'n', 'n', ['n', 'x', 'y'], ['n', 'x', 'y']],
    ['one that was approved before, in front', 'x', 'n', ['n', 'x'], ['x', 'n']],
  ])('keeps %s', (_, current, live, before, expected) => {
    expect(approveKey(current, live, before)).toEqual(expected);
  });
});
