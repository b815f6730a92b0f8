import { describe, expect, it } from 'vitest';
import { parseContentRange, parseRange } from '#infra/local/registry/request.ts';

describe('parseRange()', () => {
  it.each([
    [null, 10, undefined],
    ['bytes=0-0', 10, { first: 0, last: 0 }],
    ['bytes=9-', 10, { first: 9, last: 9 }],
    ['bytes=-99', 10, { first: 0, last: 9 }],
    ['bytes=0-99', 10, { first: 0, last: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=4-2', 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=0-1,4-5', 10, undefined],
    ['items=0-1', 10, undefined],
  ])('reads %s of %i bytes', (header, size, range) => {
    expect(parseRange(header, size)).toEqual(range);
  });
});

describe('parseContentRange()', () => {
  it.each([
    ['0-2', { first: 0, last: 2 }],
    ['bytes 0-2', { first: 0, last: 2 }],
    ['bytes 0-2/10', undefined],
    ['-2', undefined],
    ['0-2 ', undefined],
  ])('reads %s', (header, range) => {
    expect(parseContentRange(header)).toEqual(range);
  });
});
