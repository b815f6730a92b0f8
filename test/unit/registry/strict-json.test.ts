import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '#shared/registry/strict-json.ts';

const FIELDS = ['layers', 'mediaType'];

function parse(text: string | Uint8Array) {
  return parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text, FIELDS);
}

describe('parseStrictJson()', () => {
  it.each([
    '{"layers":[{"mediaType":"a"},{"mediaType":"b"}],"x":1}',
    '{"annotations":{"a":"1","A":"2","Layers":"3"}}',
    '{"a":"\\"b\\": ","c":"d\\\\"}',
    '{ "a" : "x:y" , "b" : ["c", "d"] }',
    '{"__proto__":{"a":1}}',
    'null',
  ])('reads %s', (text) => {
    expect(parse(text)).toEqual({ value: JSON.parse(text) });
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"b":2,"a" :3}}',
    '{"annotations":{"a":"1","a":"2"}}',
    '{"__proto__":1,"__proto__":2}',
    '{"Layers":[]}',
    '{"layers":[],"LAYERS":[]}',
    '{"layer\u017F":[]}',
    '{"x":[{"MediaType":"a"}]}',
    '{"other":1,"Other":2}',
    '{"annotations":{},"Annotations":{}}',
    `${'['.repeat(21)}${']'.repeat(21)}`,
    '\uFEFF{}',
    '{',
    '',
  ])('refuses %s', (text) => {
    expect(parse(text)).toHaveProperty('problem');
  });

  it('refuses what is not UTF-8', () => {
    expect(parse(Buffer.from([0x22, 0xff, 0x22]))).toHaveProperty('problem');
  });

  it('survives nesting that would exhaust the stack', () => {
    const depth = 1_000_000;
    expect(parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)).toHaveProperty('problem');
  });

  it('reads the largest manifest in linear time', () => {
    const long = 'x\\"'.repeat(1_300_000);
    expect(parse(`{"a":"${long}"}`)).toHaveProperty('value');
  });
});
