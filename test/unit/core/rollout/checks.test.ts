import { describe, expect, it } from 'vitest';
import { fillIn, placeholdersIn, weighChecks } from '#shared/core/rollout/checks.ts';
import { check } from '#test/fixtures/checks.ts';
import { MINUTE, NOW, iso } from '#test/fixtures/rollout.ts';

const ERRORS = check('errors');

describe('weighing checks', () => {
  it('begins with the first look', () => {
    const found = weighChecks([ERRORS], undefined, [{ name: 'errors', outcome: 'met' }], NOW);
    expect(found.states).toEqual([{ name: 'errors', outcome: 'met', since: iso(0) }]);
    expect(found).toMatchObject({ broken: [], unmet: [], missing: ['errors'] });
  });

  it.each([
    ['met', 'met', -10 * MINUTE, []],
    ['met for a moment less', 'met', 1 - 10 * MINUTE, ['errors']],
    ['failed before', 'failed', -10 * MINUTE, ['errors']],
    ['unknown before', 'unknown', -10 * MINUTE, ['errors']],
  ] as const)('needs it %s', (_, outcome, since, missing) => {
    const before = [{ name: 'errors', outcome, since: iso(since) }];
    const found = weighChecks([ERRORS], before, [{ name: 'errors', outcome: 'met' }], NOW);
    expect(found.missing).toEqual(missing);
    const begins = outcome === 'met' ? iso(since) : iso(0);
    expect(found.states).toEqual([{ name: 'errors', outcome: 'met', since: begins }]);
  });

  it('takes what it has nothing of as unknown', () => {
    const before = [{ name: 'errors', outcome: 'met', since: iso(-60 * MINUTE) }] as const;
    const found = weighChecks([ERRORS], before, [{ name: 'other', outcome: 'met' }], NOW);
    expect(found).toMatchObject({ broken: [], unmet: ['errors'], missing: ['errors'] });
    expect(found.states).toEqual([{ name: 'errors', outcome: 'unknown', since: iso(0) }]);
  });

  it.each([
    ['failed', -30 * MINUTE, ['errors']],
    ['failed', 1 - 30 * MINUTE, []],
    ['unknown', -300 * MINUTE, []],
  ] as const)('is broken where it has %s since %s', (outcome, since, broken) => {
    const before = [{ name: 'errors', outcome, since: iso(since) }];
    const found = weighChecks([ERRORS], before, [{ name: 'errors', outcome }], NOW);
    expect(found.broken).toEqual(broken);
  });

  it('is broken at once where nothing bad is allowed', () => {
    const strict = check('errors', { failAfterMs: 0 });
    const found = weighChecks([strict], undefined, [{ name: 'errors', outcome: 'failed' }], NOW);
    expect(found.broken).toEqual(['errors']);
  });

  it('forgets checks that the stage has no more', () => {
    const before = [{ name: 'old', outcome: 'failed', since: iso(-60 * MINUTE) }] as const;
    const found = weighChecks([ERRORS], before, [{ name: 'errors', outcome: 'met' }], NOW);
    expect(found.states.map(({ name }) => name)).toEqual(['errors']);
    expect(found.broken).toEqual([]);
  });
});

describe('placeholders', () => {
  const values = { digest: `sha256:${'a'.repeat(64)}`, stage: 'canary' };

  it('are filled in, each time', () => {
    const text = 'up{a="${digest}",b="${stage}",c="${stage}"}';
    expect(placeholdersIn(text)).toEqual(['digest', 'stage', 'stage']);
    expect(fillIn(text, values)).toBe(`up{a="${values.digest}",b="canary",c="canary"}`);
  });

  it('are encoded for a URL', () => {
    const chart = { ...values, digest: 'r.example/charts/shop:1.2.3+b.1' };
    const url = fillIn('https://a.example/${digest}?s=${stage}', chart, encodeURIComponent);
    expect(url).toBe('https://a.example/r.example%2Fcharts%2Fshop%3A1.2.3%2Bb.1?s=canary');
  });

  it.each([
    '"} or up{a="',
    'a\\',
    'a b',
    'a\nb',
    'a`b',
    "a'b",
    '{a}',
    '${stage}',
    'a,b',
    '',
    '../a',
    'a%22',
    'ä',
  ])('take no value that could be more than a name: %j', (digest) => {
    expect(fillIn('up{a="${digest}"}', { ...values, digest })).toBeUndefined();
  });

  it('leave texts without any as they are', () => {
    expect(fillIn('up{a=~"x$"} $1 ${', { ...values, digest: '"' })).toBe('up{a=~"x$"} $1 ${');
  });

  it('are none of an object', () => {
    expect(fillIn('${constructor}', values)).toBeUndefined();
  });
});
