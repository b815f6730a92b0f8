import { describe, expect, it, vi } from 'vitest';
import { formatReference } from '#shared/core/reference.ts';
import { wayBackOf } from '#shared/rollouts/way-back.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const CHART = 'registry.example/charts/shop:stable';
const resolvedAt = '2026-11-22T06:00:00Z';

describe('wayBackOf()', () => {
  it.each([
    ['a digest that is there', IMAGE, A, 'there', `${IMAGE.replace(/:[^:/]+$/, '')}@${A}`],
    ['a digest that is gone', IMAGE, B, 'gone', `${IMAGE.replace(/:[^:/]+$/, '')}@${B}`],
    ['no digest', IMAGE, undefined, 'none', undefined],
    [
      'a version of a chart',
      CHART,
      'registry.example/charts/shop:1.2.3+b',
      'there',
      'registry.example/charts/shop:1.2.3_b',
    ],
    ['a version of another chart', CHART, 'evil.example/charts/shop:1.2.3', 'unchecked', undefined],
    ['what is no key', IMAGE, 'D', 'unchecked', undefined],
    ['an image that is none', '::', A, 'unchecked', undefined],
  ] as const)('of %s', async (_, image, previous, expected, asked) => {
    const references: string[] = [];
    const found = await wayBackOf({ image, ...(previous && { previous }) }, async (reference) => {
      references.push(formatReference(reference));
      return reference.digest === B
        ? {
            resolvedAt,
            fresh: true,
            image: { status: 'unusable', reason: 'digest-absent', message: 'Absent' },
          }
        : { resolvedAt, fresh: true, image: { status: 'resolved', digest: A } };
    });
    expect([found, references]).toEqual([expected, asked === undefined ? [] : [asked]]);
  });

  it('is not checked where the registry does not answer', async () => {
    const away = () => Promise.reject(new Error('Away'));
    expect(await wayBackOf({ image: IMAGE, previous: A }, away)).toBe('unchecked');
  });

  it('is not waited for where the registry is slow: decisions of people stand behind it', async () => {
    vi.useFakeTimers();
    try {
      const found = wayBackOf({ image: IMAGE, previous: A }, () => new Promise(() => undefined));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await Promise.race([found, Promise.resolve('none yet')])).toBe('unchecked');
    } finally {
      vi.useRealTimers();
    }
  });
});
