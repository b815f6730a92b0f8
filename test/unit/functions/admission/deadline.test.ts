import { describe, expect, it } from 'vitest';
import { deadlineOf } from '#functions/admission/create-admission.ts';

const SETTING = 8_000;

describe('deadlineOf()', () => {
  it.each([
    ['10s', 8_000],
    ['5s', 4_500],
    ['1s', 750],
    ['500ms', 375],
    ['1m30s', 8_000],
    ['1.5s', 1_125],
    ['2s', 1_500],
  ])('stays within the setting, and below the timeout of %s', (timeout, expected) => {
    expect(deadlineOf(timeout, SETTING)).toBe(expected);
  });

  it.each([undefined, '', '5', 's', '-5s', '0s', '0ms', '1e3s', '5s5s', ' 5s', '999999999s', '5h'])(
    'takes %o for nothing said',
    (timeout) => {
      expect(deadlineOf(timeout, SETTING)).toBe(SETTING);
    },
  );

  it('lets a longer setting use a longer timeout', () => {
    expect(deadlineOf('30s', 29_000)).toBe(29_000);
    expect(deadlineOf('10s', 29_000)).toBe(9_500);
  });
});
