import { describe, expect, it } from 'vitest';
import { effectNotes } from '#functions/cli/config/check-config.ts';

function withEffects(...effects: readonly (string | undefined)[]): string {
  const entries = effects.map((effect, at) => ({
    match: `a.b/${at}`,
    trust: 'release',
    ...(effect === undefined ? {} : { effect }),
  }));
  return JSON.stringify({ images: entries });
}

describe('effectNotes()', () => {
  it.each([
    [[], 0],
    [['pin', 'gate'], 0],
    [['gate', undefined], 1],
    [[undefined, undefined], 1],
  ])('of the effects %j are %i', (effects, notes) => {
    expect(effectNotes(withEffects(...effects))).toHaveLength(notes);
  });

  it('names the entries, and of many their number', () => {
    expect(effectNotes(withEffects('gate', undefined, undefined))[0]).toMatch(
      /^images\[1\], images\[2\] without effect: pin/,
    );
    const many = Array.from({ length: 9 }, () => undefined);
    expect(effectNotes(withEffects(...many))[0]).toMatch(/^images\[0\], .*images\[4\] and 4 more /);
  });

  it.each(['', '[', 'images: {}', 'images: [a, 1, null]'])(
    'is none of %j that is no list',
    (text) => {
      expect(() => effectNotes(text)).not.toThrow();
    },
  );
});
