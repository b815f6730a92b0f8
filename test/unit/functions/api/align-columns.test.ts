import { describe, expect, it } from 'vitest';
import { alignColumns } from '#functions/api/fleet/nomos-text.ts';

// What Go's text/tabwriter prints of the same cells, with minwidth 0, tabwidth 0, padding 3 and blanks.
describe('alignColumns()', () => {
  it.each<[string, string[][], string]>([
    ['nothing', [], ''],
    ['a line of one cell', [['abc']], 'abc\n'],
    ['a last cell as it is', [['a', 'b']], 'a   b\n'],
    [
      'consecutive lines alike',
      [
        ['a', 'x'],
        ['bbb', 'y'],
      ],
      'a     x\nbbb   y\n',
    ],
    ['lines apart by themselves', [['a', 'x'], ['-'], ['bbb', 'y']], 'a   x\n-\nbbb   y\n'],
    ['an empty last cell behind padding', [['a', 'bb', '']], 'a   bb   \n'],
    [
      'a second column only where it is',
      [
        ['a', 'b', 'c'],
        ['aaaa', 'z'],
        ['a', 'bbbb', 'c'],
      ],
      'a      b   c\naaaa   z\na      bbbb   c\n',
    ],
    ['a line break as the end of a cell', [['a', 'x\ny', '']], 'a   x\ny   \n'],
    [
      'characters, not code units',
      [
        ['😀', 'x'],
        ['a', 'y'],
      ],
      '😀   x\na   y\n',
    ],
  ])('aligns %s', (_, lines, expected) => {
    expect(alignColumns(lines)).toBe(expected);
  });
});
