import { describe, expect, it } from 'vitest';
import { readLayers } from '#test/fixtures/content-world.ts';
import { HONEST, HOSTILE } from './archive-cases.ts';

describe('an image with honest layers', () => {
  it.each(HONEST)('can be used: $name', async ({ layers, expected, ...options }) => {
    expect(await readLayers(layers, options)).toBe(expected);
  });
});

describe('an image with hostile layers', () => {
  it.each(HOSTILE)('is $expected: $name', async ({ layers, expected, ...options }) => {
    expect(await readLayers(layers, options)).toBe(expected);
  });

  it('is never refused for a bound that a rule widens', async () => {
    const bombs = HOSTILE.filter(
      ({ expected, rule }) => expected === 'too-large' && rule?.maxUnpackedBytes,
    );
    for (const { layers } of bombs) expect(await readLayers(layers)).toBe('empty-source');
  });
});
