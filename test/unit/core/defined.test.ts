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

  it('reads own keys only', () => {
    class Inherits {
      get tag() {
        return 'v1';
      }
    }
    expect(Object.keys(defined(new Inherits()))).toEqual([]);
  });
});
