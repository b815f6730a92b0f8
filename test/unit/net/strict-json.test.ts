import { describe, expect, it } from 'vitest';
import { type StrictRules, parseStrictJson } from '#shared/net/strict-json.ts';

/** As manifests are read. */
const RULES: StrictRules = {
  maxDepth: 20,
  foldingIn: (outer, key) => (outer === 'fold' && key === 'annotations' ? 'exact' : 'fold'),
  fields: ['layers', 'mediaType'],
};

function parse(text: string | Uint8Array, rules: Partial<StrictRules> = {}) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return parseStrictJson(bytes, { ...RULES, ...rules });
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

  it.each([
    ['exact', '{"x":{"a":1,"a":2}}', false],
    ['exact', '{"x":{"a":1,"A":2}}', true],
    ['names', '{"x":{"a":1,"A":2}}', false],
    ['names', '{"x":{"a-b":1,"A-B":2}}', true],
    ['names', '{"x":{"a-b":1,"a-b":2}}', false],
    ['fold', '{"x":{"a-b":1,"A-B":2}}', false],
  ] as const)('where keys are compared as %s reads %s: %s', (folding, text, reads) => {
    expect('value' in parse(text, { foldingIn: () => folding })).toBe(reads);
  });

  it('refuses keys that are refused, however they are written', () => {
    const rules = { refused: ['__proto__'] };
    for (const text of ['{"__proto__":1}', '{"_\\u005fproto__":1}', '[{"a":{"__proto__":1}}]']) {
      expect(parse(text, rules)).toHaveProperty('problem');
    }
    expect(parse('{"a":"__proto__"}', rules)).toHaveProperty('value');
  });

  it('leaves numbers to a parser that keeps them', () => {
    const parseAs = (text: string): unknown => (text === '1' ? 1n : undefined);
    expect(parse('1', { parse: parseAs })).toEqual({ value: 1n });
    expect(parse('2', { parse: parseAs })).toHaveProperty('problem');
  });
});
