import { describe, expect, it } from 'vitest';
import { canonicalJson, decodeText, parseJson } from '#shared/net/json.ts';

describe('parseJson()', () => {
  it.each(['{"a":1}', 'null', '""', '[]', ' 1 ', '"\\ud800"', '"é"'])('reads %s', (text) => {
    expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each<[string, Uint8Array | string]>([
    ['nothing', ''],
    ['no JSON', '{'],
    ['undefined', 'undefined'],
    ['a byte order mark', Buffer.from('\ufeff{}')],
    ['a byte that is no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a slash in two bytes', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['half a pair', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a character cut short', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
  ])('takes %s for none', (_, json) => {
    expect(parseJson(json)).toBeUndefined();
  });
});

describe('decodeText()', () => {
  it('keeps a byte order mark, for callers that have to refuse it', () => {
    expect(decodeText(Buffer.from('\ufeffa'))).toBe('\ufeffa');
  });
});

describe('canonicalJson()', () => {
  it.each([
    [{ b: 1, a: [{ d: 2, c: null }] }, '{"a":[{"c":null,"d":2}],"b":1}'],
    [{ a: undefined, b: 'x' }, '{"b":"x"}'],
    [{ B: 1, a: 2, é: 3 }, '{"B":1,"a":2,"é":3}'],
    [{ n: 2n ** 70n, m: '2' }, '{"m":"2","n":{"integer":"1180591620717411303424"}}'],
  ])('writes %o one way', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });
});
