import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { createSelector, parseSelector } from '#shared/core/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

const PROD: Labels = { env: 'prod', tier: '2', 'acme.example/team': 'payments' };

describe('createSelector()', () => {
  it.each<[selector: string, labels: Labels, matches: boolean]>([
    ['', {}, true],
    ['  ', PROD, true],
    ['env=prod', PROD, true],
    ['env==prod', PROD, true],
    ['env = prod', PROD, true],
    ['env=staging', PROD, false],
    ['env=prod', {}, false],
    ['env!=prod', PROD, false],
    ['env!=staging', PROD, true],
    ['env!=prod', {}, true],
    ['env in (staging, prod)', PROD, true],
    ['env in (staging,dev)', PROD, false],
    ['env in (staging)', {}, false],
    ['env notin (staging, prod)', PROD, false],
    ['env notin (staging)', PROD, true],
    ['env notin (staging)', {}, true],
    ['env', PROD, true],
    ['sandbox', PROD, false],
    ['!env', PROD, false],
    ['!sandbox', PROD, true],
    ['! sandbox', PROD, true],
    ['tier>1', PROD, true],
    ['tier>2', PROD, false],
    ['tier<3', PROD, true],
    ['tier<2', PROD, false],
    ['tier > 1', {}, false],
    ['env>1', PROD, false],
    ['acme.example/team=payments', PROD, true],
    ['env=prod,tier!=1', PROD, true],
    ['env=prod,tier!=2', PROD, false],
    ['env=prod , !sandbox\n', PROD, true],
    // An empty value is a value; an absent label is not.
    ['env=', { env: '' }, true],
    ['env=', {}, false],
    ['env=,tier', { env: '', tier: '1' }, true],
    ['env in ()', { env: '' }, true],
    ['env in (,prod)', { env: '' }, true],
    ['env in (prod,)', { env: '' }, true],
    ['env in (prod,,dev)', { env: '' }, true],
    ['env in (prod,,dev)', { env: 'dev' }, true],
    // "in" and "notin" are operators only where an operator stands.
    ['in in (in, notin)', { in: 'notin' }, true],
    ['notin', { notin: '' }, true],
    ['env=in', { env: 'in' }, true],
    // Labels of the fleet are foreign: names on Object.prototype are not labels.
    ['constructor', {}, false],
    ['toString!=x', {}, true],
    // int64, as Go parses it.
    ['tier>9223372036854775806', { tier: '9223372036854775807' }, true],
    ['tier>1', { tier: '9223372036854775808' }, false],
    ['tier<1', { tier: '-5' }, true],
    ['tier>1', { tier: '+5' }, true],
    ['tier>1', { tier: '5.5' }, false],
  ])('%j over %j is %s', (selector, labels, matches) => {
    expect(createSelector(selector)(labels)).toBe(matches);
  });
});

describe('parseSelector()', () => {
  it.each<[selector: string, character: number]>([
    ['env=prod,', 10],
    [',env', 1],
    ['env,,tier', 5],
    ['env prod', 5],
    ['env=prod tier=1', 10],
    ['env in prod', 8],
    ['env in (prod', 13],
    ['env in (prod dev)', 14],
    ['env in (prod,,)', 15],
    ['env in (=)', 9],
    ['env in', 7],
    ['!env=prod', 5],
    ['!', 2],
    ['!!env', 2],
    ['=prod', 1],
    ['env=(prod)', 5],
    ['env===prod', 6],
    ['env=>prod', 5],
    ['tier>', 6],
    ['tier>two', 6],
    ['tier<=2', 6],
    ['tier>-1', 6],
    ['tier>9223372036854775808', 6],
    ['env=prod)', 9],
    ['-env=prod', 1],
    ['acme.example/team/x=1', 1],
    ['/team', 1],
    ['Acme.example/team', 1],
    ['acme..example/team', 1],
    ['env=-prod', 5],
    ['env=pröd', 5],
    ['env=a/b', 5],
    ['env=a\u0000b', 5],
    [`${'k'.repeat(64)}=1`, 1],
    [`${'p'.repeat(254)}/k=1`, 1],
    [`env=${'v'.repeat(64)}`, 5],
    ['env in (prod, -)', 15],
  ])('refuses %j at character %i', (selector, character) => {
    const failure = failureOf(() => parseSelector(selector));
    expect(failure.code).toBe('bad-config');
    expect(failure.message).toContain(`at character ${character},`);
  });

  it.each([
    `${'k'.repeat(63)}=1`,
    `${'p'.repeat(253)}/k=1`,
    `env=${'v'.repeat(63)}`,
    'a.b-c/D_e.f=G-h_i.j',
  ])('accepts names at the limit: %j', (selector) => {
    expect(parseSelector(selector)).toHaveLength(1);
  });

  it('keeps requirements in order', () => {
    expect(parseSelector('a,!b,c!=1,d notin (x,y),e<7')).toEqual([
      { key: 'a', operator: 'exists', values: [] },
      { key: 'b', operator: 'absent', values: [] },
      { key: 'c', operator: 'notin', values: ['1'] },
      { key: 'd', operator: 'notin', values: ['x', 'y'] },
      { key: 'e', operator: 'below', values: ['7'] },
    ]);
  });
});

function failureOf(action: () => unknown): CountersignError {
  try {
    action();
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}

describe('a selector of members', () => {
  const members = [
    { name: 'a', labels: { env: 'prod' } },
    { name: 'b', labels: { env: 'staging', tier: 'sandbox' } },
    { name: 'c', labels: {} },
  ];

  it.each([
    ['env in (prod, staging)', ['a', 'b']],
    ['tier != sandbox', ['a', 'c']],
    ['env=none', []],
    [undefined, ['a', 'b', 'c']],
  ])('keeps those that meet %j, in order', (text, names) => {
    const selects = createSelector(text);
    expect(members.filter(({ labels }) => selects(labels)).map(({ name }) => name)).toEqual(names);
  });
});
