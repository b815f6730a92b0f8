import { describe, expect, it } from 'vitest';
import { readRange } from '#shared/core/track/range.ts';
import MASTERMINDS from './masterminds.json' with { type: 'json' };

/** What is right where the two dialects differ, and how they are distinguished. */
const REFUSED = [
  ['', 'Is empty', '*'],
  ['>=1.2, <3', 'Has a comma', '">=1.2 <3"'],
  ['>=1.2,<3', 'Has a comma', '">=1.2 <3"'],
  ['!=1.2.3', 'Has "!="', '"<1.4.2 || >1.4.2"'],
  ['=>1.2', 'Has "=>"', '">=1.2"'],
  ['=<1.2', 'Has "=>"', '"<=1.2"'],
  ['~>1.2', 'Has "~>"', '"~1.2"'],
  ['1.x-0', 'behind a wildcard', '"1.x" with prereleases: true'],
  ['*-0', 'behind a wildcard', '"*" with prereleases: true'],
  ['>=1.2.0-rc.1', 'Has a pre-release', 'prereleases: true'],
  ['1.x || ', 'alternative that is empty', 'Remove its "||"'],
  ['1.x | 2.x', 'one "|"', '"||"'],
  ['latest', 'Names a tag', 'the tag alone'],
  ['one.two', 'Is not a range', '1.x'],
  [`${'1 || '.repeat(80)}1`, 'longer than', 'Shorten'],
] as const;

function includes(text: string, version: string, prereleases?: boolean): boolean | string {
  const range = readRange(text, { prereleases });
  return 'includes' in range ? range.includes(version) : range.problem;
}

describe('readRange()', () => {
  it.each(REFUSED)('refuses %j and says what to write', (text, problem, fix) => {
    const range = readRange(text, { prereleases: undefined });
    expect(range).toMatchObject({
      problem: expect.stringContaining(problem),
      fix: expect.stringContaining(fix),
    });
  });

  it('takes a pre-release of zero for the wish for pre-releases', () => {
    const range = readRange('>=1.2.0-0', { prereleases: undefined });
    expect(range).toMatchObject({ prereleases: true });
    expect(includes('~1.4.0-0', '1.4.2-rc.1')).toBe(true);
    expect(includes('~1.4.0', '1.4.2-rc.1')).toBe(false);
  });

  it('refuses a pre-release in a range beside prereleases: false', () => {
    expect(includes('>=1.2.0-0', '1.2.0', false)).toContain('prereleases: false');
  });

  it.each([
    ['<2.0.0', '2.0.0-rc.1', false],
    ['>=1.0.0-0 <2.0.0', '2.0.0-0', false],
    ['>=1.0.0-0 <2.0.0', '1.9.9-rc.1', true],
    ['<2.0.0-rc.2', '2.0.0-rc.1', true],
    ['1.x', '2.0.0-rc.1', false],
    ['1.x', '1.0.0-rc.1', true],
  ])('with pre-releases, %s has %s: %s', (text, version, expected) => {
    expect(includes(text, version, true)).toBe(expected);
  });

  it.each(MASTERMINDS.map(({ range, ...rest }) => [range, rest] as const))(
    'means by %s what Helm and Flux mean',
    (range, { versions }) => {
      const prereleases = /-\d/.test(range) ? true : undefined;
      const found = Object.keys(versions).map((version) => [
        version,
        includes(range, version, prereleases),
      ]);
      expect(Object.fromEntries(found)).toEqual(versions);
    },
  );
});
