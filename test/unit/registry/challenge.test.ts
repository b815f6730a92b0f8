import { describe, expect, it } from 'vitest';
import { parseChallenges } from '#shared/registry/challenge.ts';

const READ: readonly (readonly [string, readonly unknown[]])[] = [
  ['', []],
  ['Basic', [['basic', {}]]],
  [
    'Bearer realm="https://a.test/token",service="a.test"',
    [['bearer', { realm: 'https://a.test/token', service: 'a.test' }]],
  ],
  ['bearer REALM=a', [['bearer', { realm: 'a' }]]],
  ['Bearer realm = "a" , scope="x,y z"', [['bearer', { realm: 'a', scope: 'x,y z' }]]],
  ['Bearer realm="a\\"b\\\\"', [['bearer', { realm: 'a"b\\' }]]],
  [
    'Basic realm="a", Bearer realm="b", service=c',
    [
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b', service: 'c' }],
    ],
  ],
  [
    'Negotiate abc==, Bearer realm="b"',
    [
      ['negotiate', {}],
      ['bearer', { realm: 'b' }],
    ],
  ],
  [
    'Negotiate,,Basic realm=a,',
    [
      ['negotiate', {}],
      ['basic', { realm: 'a' }],
    ],
  ],
  ['Bearer realm=', [['bearer', {}]]],
  ['Bearer realm=""', [['bearer', { realm: '' }]]],
];

const REFUSED = [
  'Bearer realm="a',
  'Bearer realm="a" service="b"',
  'Bearer realm="a", realm="b"',
  'Bearer realm=@',
  'Bearer =a',
  '"Bearer" realm=a',
  'Bearer realm="a"x',
  'Bearer; realm=a',
  `Bearer realm="${'a'.repeat(5000)}"`,
];

describe('parseChallenges()', () => {
  it.each(READ)('reads %s', (header, expected) => {
    const read = parseChallenges(header)?.map(({ scheme, params }) => [
      scheme,
      Object.fromEntries(params),
    ]);
    expect(read).toEqual(expected);
  });

  it.each(REFUSED)('refuses %s', (header) => {
    expect(parseChallenges(header)).toBeUndefined();
  });
});
