import { describe, expect, it } from 'vitest';
import { readMsgpack, UNKNOWN } from '#test/terraform/provider/msgpack.ts';
import { findWrongValues } from '#test/terraform/provider/wrong-values.ts';
import type { Block } from '#test/terraform/schema.ts';

describe('readMsgpack()', () => {
  it.each([
    ['nothing', [0xc0], null],
    ['booleans', [0x92, 0xc2, 0xc3], [false, true]],
    ['small numbers', [0x93, 0x07, 0xff, 0xcc, 0x80], [7, -1, 128]],
    ['large numbers', [0x92, 0xcd, 0x01, 0x00, 0xd1, 0xff, 0x00], [256, -256]],
    ['fractions', [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['texts', [0xa2, 0x61, 0x62], 'ab'],
    ['longer texts', [0xd9, 0x02, 0xc3, 0xa4], 'ä'],
    ['maps', [0x81, 0xa1, 0x61, 0x90], { a: [] }],
    ['what is unknown', [0xd4, 0x00, 0x00], UNKNOWN],
    ['what is unknown, refined', [0xc7, 0x02, 0x0c, 0x81, 0x01], UNKNOWN],
  ])('reads %s', (_, bytes, value) => {
    expect(readMsgpack(new Uint8Array(bytes))).toEqual(value);
  });

  it('refuses a type that Terraform does not write', () => {
    expect(() => readMsgpack(new Uint8Array([0xc4, 0x00]))).toThrow('0xc4');
  });

  it('refuses what ends too soon', () => {
    expect(() => readMsgpack(new Uint8Array([0x92, 0xc0]))).toThrow(RangeError);
  });
});

describe('findWrongValues()', () => {
  const block: Block = {
    attributes: { ingress: { type: 'string', optional: true, values: ['ALL', 'INTERNAL'] } },
    blocks: {
      probe: {
        nesting: 'list',
        block: {
          attributes: { scheme: { type: 'string', optional: true, values: ['HTTP'] } },
          blocks: {},
        },
      },
    },
  };

  it('names the place and what is allowed', () => {
    const value = { ingress: 'OPEN', probe: [{ scheme: 'HTTP' }, { scheme: 'GOPHER' }] };
    expect(findWrongValues(block, value)).toEqual([
      { path: 'ingress', problem: '"OPEN" is none of ALL, INTERNAL' },
      { path: 'probe.scheme', problem: '"GOPHER" is none of HTTP' },
    ]);
  });

  it('lets pass what is allowed, absent or unknown', () => {
    expect(findWrongValues(block, { ingress: 'ALL', probe: [] })).toEqual([]);
    expect(findWrongValues(block, { ingress: null, probe: [{ scheme: UNKNOWN }] })).toEqual([]);
  });
});
