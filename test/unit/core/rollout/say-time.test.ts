import { expect, it } from 'vitest';
import { sayDuration } from '#shared/core/rollout/say-time.ts';

it.each([
  [0, '0 min'],
  [1, '1 s'],
  [2_000, '2 s'],
  [59_000, '59 s'],
  [59_600, '1 min'],
  [60_000, '1 min'],
  [9_000_000, '2 h 30 min'],
  [-1, '0 min'],
])('sayDuration(%i) is %s', (ms, said) => {
  expect(sayDuration(ms)).toBe(said);
});
