import { describe, expect, it } from 'vitest';
import { cleanLine, cleanText, foldLines, cutText, escapeJson } from '#shared/core/foreign-text.ts';

/** What rules a terminal, breaks a line for some reader, or is read in another order than it is written. */
const UNSEEN: readonly (readonly [string, string])[] = [
  ['an ANSI escape', '\u001b'],
  ['the C1 control that begins one too', '\u009b'],
  ['a carriage return', '\r'],
  ['a backspace', '\b'],
  ['NUL', '\0'],
  ['DEL', '\u007f'],
  ['a next line', '\u0085'],
  ['a line separator', '\u2028'],
  ['a paragraph separator', '\u2029'],
  ['an override of direction', '\u202e'],
  ['an embedding', '\u202b'],
  ['an isolate', '\u2066'],
  ['an Arabic letter mark', '\u061c'],
  ['a zero-width space', '\u200b'],
  ['a zero-width joiner', '\u200d'],
  ['a word joiner', '\u2060'],
  ['a byte order mark', '\ufeff'],
  ['a soft hyphen', '\u00ad'],
  ['a Hangul filler', '\u3164'],
  ['a combining grapheme joiner', '\u034f'],
  ['a tag character', '\u{e0041}'],
  ['half of a pair', '\ud83d'],
  ['private use', '\ue000'],
];

describe('foreign text', () => {
  it.each(UNSEEN)('is shown without %s', (_, unseen) => {
    const text = `a${unseen}b`;
    expect(cleanLine(text)).toBe('a\ufffdb');
    expect(cleanText(text)).toBe('a\ufffdb');
    expect(cleanLine(cleanLine(text))).toBe(cleanLine(text));
  });

  it.each(UNSEEN)('is the same value in JSON without %s', (_, unseen) => {
    const json = JSON.stringify({ text: `a${unseen}b` });
    const escaped = escapeJson(json);
    expect(JSON.parse(escaped)).toEqual(JSON.parse(json));
    expect(cleanLine(escaped)).toBe(escaped);
  });

  it('keeps what people write, and the breaks of a text', () => {
    const text = 'Zürich, 東京, مرحبا, e\u0301: 1 · “ok” 🎉\n\tnext';
    expect(cleanText(text)).toBe(text);
    expect(cleanLine('a\nb\tc')).toBe('a\ufffdb\ufffdc');
    expect(escapeJson('{}\n')).toBe('{}\n');
  });
});

describe('cutText()', () => {
  it.each([
    ['a pair', 'ab🎉cd', 3, 'ab'],
    ['a letter and its accent', 'abe\u0301x', 3, 'ab'],
    ['a flag', 'a🇨🇭b', 3, 'a'],
    ['a family', 'a👩‍👩‍👧b', 5, 'a'],
    ['nothing', 'abc', 3, 'abc'],
    ['letters', 'abcd', 3, 'abc'],
    ['a break of two characters', 'ab\r\nc', 3, 'ab'],
  ])('never cuts through %s', (_, text, max, expected) => {
    expect(cutText(text, max)).toBe(expected);
  });

  it('cuts what has no end all the same, and no pair', () => {
    const marks = `e${'\u0301'.repeat(10_000)}`;
    expect(cutText(marks, 100)).toHaveLength(100);
    for (const max of [99, 100]) {
      const cut = cutText(`👩${'\u200d👩'.repeat(10_000)}`, max);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut.length).toBeGreaterThan(max - 65);
    }
  });
});

describe('foldLines()', () => {
  it.each([
    ['one line', 'KNV2002: denied', 'KNV2002: denied'],
    [
      'several',
      'KNV2002: denied\r\n\n  For more: \thttps://g.co  \n',
      'KNV2002: denied For more: \thttps://g.co',
    ],
    ['none', '\n\n', ''],
  ])('makes one line of %s', (_, text, folded) => {
    expect(foldLines(text)).toBe(folded);
  });
});
