import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { parseJson } from '#shared/trust/foreign-bytes.ts';

const schema = z.looseObject({});

function parse(text: string | Uint8Array): unknown {
  return parseJson(Buffer.from(text), schema, 'Thing');
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
}

describe('parseJson()', () => {
  it.each([
    '{}',
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '{"a":"\\"a\\":1","b":"\\\\"}',
    ' {\n"a" : ["a", "a", "a"] , "c":"a"}\t',
    '{"a":"{[}]","b":"__proto__"}',
    '{"\\u00e9":1,"e":2}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['the same key twice', '{"a":1,"a":1}'],
    ['the same key twice, apart', '{"a":1,"b":{"c":[1]},"a":1}'],
    ['the same key twice, spaced', '{"a" :1,"a"\n:1}'],
    ['the same key twice, escaped', '{"a":1,"\\u0061":1}'],
    ['the same key twice, below', '{"x":[{"y":{"a":1,"a":2}}]}'],
    ['a key twice but for its case', '{"subject":1,"Subject":2}'],
    ['a key twice but for its case, below', '{"x":[{"image":{"digest":1,"DIGEST":2}}]}'],
    ['a key twice but for the sign of Kelvin', '{"key":1,"\u212aey":2}'],
    ['a key twice but for a long s', '{"subject":1,"\\u017fubject":2}'],
    ['a key twice but for its case, in a predicate', '{"predicate":{"buildType":1,"BuildType":2}}'],
    ['a key twice in a map', '{"annotations":{"a":1,"a":1}}'],
    ['a map twice', '{"optional":{},"Optional":{}}'],
    ['more digits than are read', `{"a":${'9'.repeat(401)}}`],
    ['a prototype', '{"__proto__":{}}'],
    ['an escaped prototype', '{"_\\u005fproto__":{}}'],
    ['no JSON', '{"a":1,}'],
    ['a comment', '{} // a'],
    ['two documents', '{}{}'],
    ['a byte order mark', '\ufeff{}'],
    ['an open string', '{"a'],
    ['an open escape', '{"a\\'],
    ['a bad escape in a key', '{"\\x":1}'],
    ['more closed than opened', '{}]}'],
    ['nothing', ''],
    ['a scalar', '1'],
  ])('refuses %s as malformed', (_, text) => {
    expect(parse(text)).toMatchObject({ refused: 'malformed' });
  });

  it.each([
    ['claims', '{"optional":{"env":"a","ENV":"b"}}'],
    ['annotations', '{"subject":[{"annotations":{"env":"a","Env":"b"}}]}'],
    ['an environment in a predicate', '{"predicate":{"env":{"HTTP_PROXY":"a","http_proxy":"b"}}}'],
  ])('reads %s, which Go reads as maps, with keys that differ in case', (_, text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['9007199254740993.0', 9007199254740993n],
    ['18446744073709551616', 18446744073709551616n],
    ['9007199254740991', 9007199254740991],
    ['0.1234567890123456', 0.1234567890123456],
  ])('reads the number %s without rounding', (text, value) => {
    expect(parse(`{"a":[${text}]}`)).toEqual({ a: [value] });
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expect(parse(bytes)).toMatchObject({ refused: 'malformed' });
  });

  it('reads 64 levels and refuses 65', () => {
    expect(parse(nested(64))).not.toHaveProperty('refused');
    expect(parse(nested(65))).toMatchObject({ refused: 'malformed' });
  });

  it('names the field that does not fit the schema', () => {
    const strict = z.object({ a: z.object({ b: z.string() }) });
    const refusal = parseJson(Buffer.from('{"a":{"b":1}}'), strict, 'Thing');
    expect(refusal).toMatchObject({ detail: 'Thing has a wrong or missing a.b' });
  });
});
