import { describe, expect, it } from 'vitest';
import { hasColour } from '#functions/cli/output/colour.ts';
import { shorten } from '#functions/cli/output/digests.ts';
import { renderLine } from '#functions/cli/output/line.ts';
import { shortCluster } from '#functions/cli/output/names.ts';
import { sayAge, sayAgo, sayDate, sayTimes, sayWhen } from '#functions/cli/output/times.ts';
import { cutTo, widthOf, wrapTo } from '#functions/cli/output/width.ts';

describe('renderLine', () => {
  const line = ['on ', { text: 'cluster\u001b[31m-1', tone: 'bad' as const }, '\u202e  '];

  it('replaces what would rule a terminal, in each piece, before it colours', () => {
    expect(renderLine(line, true)).toBe('on \u001b[31mcluster\ufffd[31m-1\u001b[39m\ufffd');
    expect(renderLine(line, false)).toBe('on cluster\ufffd[31m-1\ufffd');
  });
});

describe('hasColour', () => {
  it.each([
    ['auto', true, {}, true],
    ['auto', false, {}, false],
    ['auto', true, { NO_COLOR: '1' }, false],
    ['auto', true, { NO_COLOR: '' }, true],
    ['auto', true, { TERM: 'dumb' }, false],
    ['auto', false, { FORCE_COLOR: '1' }, true],
    ['auto', true, { FORCE_COLOR: '0' }, false],
    ['always', false, { NO_COLOR: '1' }, true],
    ['never', true, { FORCE_COLOR: '1' }, false],
  ] as const)('of %s on a terminal (%s) with %j is %s', (choice, isTerminal, env, expected) => {
    expect(hasColour(choice, isTerminal, env)).toBe(expected);
  });
});

describe('cutTo', () => {
  it.each([
    ['short', 10, 'end', 'short'],
    ['registry.example/b', 8, 'end', 'registr…'],
    ['registry.example/b', 8, 'start', '…ample/b'],
    ['平台平台', 5, 'end', '平台…'],
    ['平台平台', 4, 'end', '平…'],
    ['e\u0301e\u0301e\u0301', 2, 'end', 'e\u0301…'],
  ] as const)('makes of %s in %i columns at its %s %s', (text, width, at, expected) => {
    const cut = cutTo(text, width, at);
    expect(widthOf(cut)).toBeLessThanOrEqual(width);
    expect(cut).toBe(expected);
  });

  it('never cuts between two halves of a pair', () => {
    for (let width = 1; width < 6; width += 1)
      expect(cutTo('😀😀😀', width).isWellFormed()).toBe(true);
  });
});

describe('wrapTo', () => {
  it('breaks at blanks, and keeps a word that is too long in one piece', () => {
    expect(wrapTo('sign sha256:0123456789 as release', 10)).toEqual([
      'sign',
      'sha256:0123456789',
      'as release',
    ]);
  });
});

describe('times', () => {
  const now = new Date('2026-11-29T16:03:30.000Z');

  it.each([
    ['2026-11-29T16:03:30Z', 'now'],
    ['2026-11-29T16:03:10Z', '20 s ago'],
    ['2026-11-29T14:03:00Z', '2 h ago'],
    ['2026-11-26T14:03:00Z', '3 d ago'],
    ['2026-11-29T17:33:30Z', 'in 1 h'],
    ['yesterday', 'yesterday'],
  ])('says %s as %s', (time, expected) => {
    expect(sayAgo(time, now)).toBe(expected);
  });

  it('has both, and dates alone', () => {
    expect(sayWhen('2026-11-29T14:03:00+01:00', now)).toBe('3 h ago, 2026-11-29 13:03 UTC');
    expect(sayDate('2026-11-29T14:03:59.999Z')).toBe('2026-11-29 14:03 UTC');
    expect(sayAge('2026-11-29T15:33:00Z', now)).toBe('30 min');
  });

  it('replaces the times of a text, however many', () => {
    expect(sayTimes('Read at 2026-11-29T14:03:00.123Z, due 2026-11-29T17:03:30+00:00', now)).toBe(
      'Read at 2026-11-29 14:03 UTC (2 h ago), due 2026-11-29 17:03 UTC (in 1 h)',
    );
  });
});

describe('names', () => {
  it('shortens digests and commits, and no other hash', () => {
    const hex = 'a'.repeat(64);
    expect(shorten(`sha256:${hex} and ${hex}`)).toBe(
      `sha256:${'a'.repeat(12)} and ${'a'.repeat(12)}`,
    );
    expect(shorten(`${hex}${hex}`)).toBe(`${hex}${hex}`);
  });

  it('names a membership by its id, and others as they are', () => {
    expect(shortCluster('projects/a/locations/us-east1/memberships/shop-1')).toBe('shop-1');
    expect(shortCluster('kind-local')).toBe('kind-local');
  });
});
