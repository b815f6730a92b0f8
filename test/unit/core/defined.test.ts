import { describe, expect, it } from 'vitest';
import { defined } from '#shared/core/defined.ts';

describe('defined', () => {
  it('leaves out what is undefined, and keeps every other value', () => {
    const kept = defined({ a: undefined, b: null, c: 0, d: '', e: false });
    expect(Object.entries(kept)).toEqual([
      ['b', null],
      ['c', 0],
      ['d', ''],
      ['e', false],
    ]);
  });

  it('makes a value for an exact optional property', () => {
    const find = (found: boolean): string | undefined => (found ? 'x' : undefined);
    const made: { readonly name: string; readonly tag?: string } = defined({
      name: 'n',
      tag: find(false),
    });
    expect('tag' in made).toBe(false);
  });

  it.each([['a stranger'], [{ polluted: true }], [undefined]])(
    'keeps a key __proto__ with %o as a key',
    (value) => {
      const values: Record<string, unknown> = { a: 1 };
      Object.defineProperty(values, '__proto__', { value, enumerable: true });
      const kept = defined(values);
      expect(Object.keys(kept)).toEqual(value === undefined ? ['a'] : ['a', '__proto__']);
      expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
    },
  );

  it('reads own keys only', () => {
    class Inherits {
      get tag() {
        return 'v1';
      }
    }
    expect(Object.keys(defined(new Inherits()))).toEqual([]);
  });
});
