import { describe, expect, it } from 'vitest';
import { parseFilter } from '#infra/local/pubsub/filter.ts';

describe('parseFilter()', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['', {}, true],
    ['  ', { a: 'b' }, true],
    ['attributes:x', { x: '' }, true],
    ['attributes:x', { y: '1' }, false],
    ['attributes.x = "1"', { x: '1' }, true],
    ['attributes.x="1"', { x: '1' }, true],
    ['attributes.x = "1"', { x: '2' }, false],
    ['attributes.x = "1"', {}, false],
    ['attributes.x = "a"', { x: 'A' }, false],
    ['attributes.x != "1"', { x: '2' }, true],
    ['attributes.x != "1"', { x: '1' }, false],
    ['attributes.x != "1"', {}, true],
    ['hasPrefix(attributes.x, "ab")', { x: 'abc' }, true],
    ['hasPrefix(attributes.x, "ab")', { x: 'ba' }, false],
    ['hasPrefix(attributes.x, "ab")', {}, false],
    ['hasPrefix(attributes.x, "")', { x: '' }, true],
    ['NOT attributes:x', {}, true],
    ['NOT attributes:x', { x: '1' }, false],
    ['-attributes:x', { x: '1' }, false],
    ['NOT NOT attributes:x', { x: '1' }, true],
    ['attributes:x AND attributes:y', { x: '', y: '' }, true],
    ['attributes:x AND attributes:y', { x: '' }, false],
    ['attributes:x OR attributes:y', { y: '' }, true],
    ['attributes:x OR attributes:y OR attributes:z', { z: '' }, true],
    ['attributes:x OR attributes:y', {}, false],
    ['attributes:x AND NOT attributes:y', { x: '', y: '' }, false],
    ['NOT attributes:x AND attributes:y', { y: '' }, true],
    ['attributes:x AND (attributes:y OR attributes:z)', { x: '', z: '' }, true],
    ['attributes:x AND (attributes:y OR attributes:z)', { z: '' }, false],
    ['NOT (attributes:x OR attributes:y)', { y: '' }, false],
    ['NOT (attributes:x OR attributes:y)', {}, true],
    ['attributes."iana.org/language_tag" = "en"', { 'iana.org/language_tag': 'en' }, true],
    ['attributes:"a b"', { 'a b': '' }, true],
    ['attributes.ce-type = "x"', { 'ce-type': 'x' }, true],
    ['attributes.AND = "x"', { AND: 'x' }, true],
    [String.raw`attributes.x = "a\"b\\c"`, { x: String.raw`a"b\c` }, true],
    [String.raw`attributes.x = "\u00e9\x41\101\n"`, { x: 'éAA\n' }, true],
    [String.raw`attributes.x = "\U0001F600"`, { x: '😀' }, true],
    ['attributes:__proto__', {}, false],
    ['attributes.constructor != "x"', {}, true],
    ['hasPrefix(attributes.toString, "f")', {}, false],
  ])('evaluates %s over %o', (text, attributes, expected) => {
    expect(parseFilter(text)(attributes)).toBe(expected);
  });

  it.each([
    'bogus',
    'attributes',
    'attributes.x',
    'attributes.x =',
    'attributes.x = 1',
    "attributes.x = '1'",
    'attributes.x == "1"',
    'attributes.x > "1"',
    'attributes.x = "open',
    'attributes:',
    'attributes:x attributes:y',
    'attributes:x AND',
    'AND attributes:x',
    'attributes:x and attributes:y',
    'attributes:x AND attributes:y OR attributes:z',
    'attributes:x OR attributes:y AND attributes:z',
    '(attributes:x',
    'attributes:x)',
    'NOT',
    'hasPrefix(attributes.x)',
    'hasPrefix(attributes:x, "a")',
    'hasPrefix("x", "a")',
    'hasprefix(attributes.x, "a")',
    'data = "x"',
    'attributes:x ;',
    String.raw`attributes.x = "\UFFFFFFFF"`,
  ])('refuses %s', (text) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ status: 'INVALID_ARGUMENT' }),
    );
  });

  it('takes 256 bytes and refuses 257', () => {
    const empty = 'attributes.x = ""';
    const value = (bytes: number): string => `attributes.x = "${'a'.repeat(bytes - empty.length)}"`;
    expect(parseFilter(value(256))({})).toBe(false);
    expect(() => parseFilter(value(257))).toThrow(
      expect.objectContaining({ status: 'INVALID_ARGUMENT' }),
    );
  });
});
