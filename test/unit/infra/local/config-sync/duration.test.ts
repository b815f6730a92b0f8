import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '#infra/local/config-sync/pace.ts';

describe('formatDuration()', () => {
  // Each as Go's time.Duration prints it.
  it.each([
    ['0', '0s'],
    ['15s', '15s'],
    ['0.5s', '500ms'],
    ['1.5s', '1.5s'],
    ['90s', '1m30s'],
    ['1h', '1h0m0s'],
    ['25h10m', '25h10m0s'],
    ['150us', '150µs'],
    ['1500ms', '1.5s'],
  ])('writes %s as %s', (text, written) => {
    expect(formatDuration(parseDuration(text) ?? Number.NaN)).toBe(written);
  });
});
