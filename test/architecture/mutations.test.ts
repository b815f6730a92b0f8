import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { locate, mutate } from '#test/mutations/locate.ts';
import { MUTATIONS } from '#test/mutations/mutations.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const SOURCE = `export function first(): number {
  if (is(1, 2)) return 1;
  return 2;
}

const second = (): number => {
  if (is(1, 2)) return 1;
  return ofMany(
    { one: 1 },
    'a text',
  );
};
`;

const FIND = 'if (is(1, 2)) return 1;';
const AT = SOURCE.lastIndexOf(FIND);
const MANY = SOURCE.indexOf('return ofMany');

describe('mutate()', () => {
  it.each([
    ['the expression in the function that is named', FIND, [AT, AT + FIND.length]],
    ['it whatever its layout', "return ofMany({ one: 1 }, 'a text');", [MANY, SOURCE.length - 4]],
  ])('takes away %s', (_, find, [from, to]) => {
    const mutated = mutate(SOURCE, { in: 'second', find, replace: 'gone' });
    expect(mutated).toBe(`${SOURCE.slice(0, from)}gone${SOURCE.slice(to)}`);
  });

  it.each([
    ['twice', 'first', 'return'],
    ['in another function', 'first', 'ofMany'],
    ['in no such function', 'third', 'ofMany'],
    ['in other words', 'second', 'returnofMany'],
  ])('takes nothing away that is there %s', (_, name, find) => {
    expect(mutate(SOURCE, { in: name, find, replace: 'gone' })).toBeUndefined();
  });
});

describe('the table of mutations', () => {
  it('names code that is there, exactly once, and tests that exist', () => {
    const stale = MUTATIONS.filter((mutation) => {
      const path = join(root, mutation.file);
      return !existsSync(path) || locate(readFileSync(path, 'utf8'), mutation) === undefined;
    });
    expect(stale.map(({ guarantee, file }) => `${file}: ${guarantee}`)).toEqual([]);
    const tests = new Set(MUTATIONS.flatMap((mutation) => mutation.tests));
    expect([...tests].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
