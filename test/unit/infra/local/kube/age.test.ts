import { expect, it } from 'vitest';
import { formatAge } from '#infra/local/kube/age.ts';

// `duration_test.go` of apimachinery.
it.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [599, '9m59s'],
  [10 * 60 + 1, '10m'],
  [3 * 3_600 - 1, '179m'],
  [3 * 3_600 + 60, '3h1m'],
  [8 * 3_600 + 60, '8h'],
  [48 * 3_600, '2d'],
  [49 * 3_600, '2d1h'],
  [9 * 86_400, '9d'],
  [2 * 365 * 86_400 + 86_400, '2y1d'],
  [8 * 365 * 86_400 + 86_400, '8y'],
])('%i seconds are %s', (seconds, age) => {
  const now = new Date('2026-11-30T12:00:00Z');
  const since = new Date(now.getTime() - seconds * 1_000).toISOString();
  expect(formatAge(since, now)).toBe(age);
});
