import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { globPattern } from '#infra/kubernetes/gate/scope.ts';
import { PLAIN_CHART, PLAIN_IMAGE } from '#infra/kubernetes/gate/variables.ts';
import { createImageRules, parseImageGlob } from '#shared/config/image-rules.ts';
import { parseReference } from '#shared/core/reference.ts';
import { fc } from '#test/fixtures/fast-check.ts';

// Few letters, so that globs and names often meet.
const name = fc.constantFrom('a', 'b', 'team-a', 'team-b', 'a.b', 'a--b', 'a__b', 'x_y', 'ab');
const host = fc.constantFrom(
  'a.b',
  'a-b.io',
  '127.0.0.1:5000',
  'index.docker.io',
  'axb',
  '[::1]:5',
);
const wild = fc.constantFrom('*', '**', 'team-*', '*-b', 'a.*', '*.b', '*', '**');
const globs = fc
  .tuple(host, fc.array(fc.oneof(name, wild), { minLength: 1, maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest].join('/'))
  .filter((text) => typeof parseImageGlob(text) === 'string');
const repositories = fc
  .tuple(host, fc.array(name, { minLength: 1, maxLength: 5 }))
  .map(([first, rest]) => [first, ...rest].join('/'));
/** A glob, and a repository that it may well match: its wildcards filled in, or any repository. */
const pairs = globs.chain((glob) => {
  const filled = glob
    .split('/')
    .map((segment) =>
      segment === '**'
        ? fc.array(name, { maxLength: 2 }).map((parts) => parts.join('/'))
        : segment.includes('*')
          ? name.map((part) => segment.replace('*', part))
          : fc.constant(segment),
    );
  const likely = fc.tuple(...filled).map((parts) => parts.filter(Boolean).join('/'));
  return fc.tuple(fc.constant(glob), fc.oneof(likely, repositories));
});

function ruleFor(match: string): Parameters<typeof createImageRules>[0] {
  return [{ match, trust: 'release', effect: 'gate', downgrade: 'warn' }];
}

describe('globPattern()', () => {
  it('agrees with createImageRules() on generated globs and repositories', () => {
    let matched = 0;
    fc.assert(
      fc.property(pairs, ([glob, repository]) => {
        const expected = createImageRules(ruleFor(glob)).match(repository) !== undefined;
        if (expected) matched += 1;
        expect(RE2JS.compile(globPattern(glob)).test(repository)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
    expect(matched).toBeGreaterThan(200);
  });

  it.each([
    ['a.b/c/**', 'a.b/c', false],
    ['a.b/c/**', 'a.b/c/d/e', true],
    ['a.b/c/**', 'evil/a.b/c/d', false],
    ['a.b/c/*', 'a.b/c/d/e', false],
    ['a.b/**/z', 'a.b/z', true],
    ['a.b/**/z', 'a.b/c/d/z', true],
    ['a.b/c', 'axb/c', false],
    ['a.b/c', 'a.b/c-evil', false],
    ['a.b/team-*', 'a.b/team-1', true],
    ['a.b/team-*', 'a.b/team-1/x', false],
    ['[::1]:5000/c', '[::1]:5000/c', true],
    ['[::1]:5000/c', ':/c', false],
    ['**', 'a.b/c', true],
  ])('%s on %s: %s', (glob, repository, expected) => {
    expect(RE2JS.compile(globPattern(glob)).test(repository)).toBe(expected);
    expect(createImageRules(ruleFor(glob)).match(repository) !== undefined).toBe(expected);
  });
});

function isReadable(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

describe('PLAIN_IMAGE', () => {
  const digest = `@sha256:${'a'.repeat(64)}`;
  const words = 'a B . : / - _ __ @ 1 5000 localhost [::1] .. // a.b :443 :v1 latest é [ sha256:';
  const pieces = fc.constantFrom(...words.split(' '), ' ', '\n', digest);
  const texts = fc.array(pieces, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));

  it('takes nothing that parseReference() cannot read', () => {
    const pattern = RE2JS.compile(PLAIN_IMAGE);
    let taken = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (!pattern.test(text)) return;
        taken += 1;
        expect(isReadable(text)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('takes all that parseReference() can read, but ports with leading zeros', () => {
    const pattern = RE2JS.compile(PLAIN_IMAGE);
    fc.assert(
      fc.property(texts, (text) => {
        if (!isReadable(text) || /:0\d*\//.test(text)) return;
        expect(pattern.test(text)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(pattern.test('a.b:0443/c')).toBe(false);
  });
});

describe('PLAIN_IMAGE, case by case', () => {
  it.each([
    ['platform', true],
    ['a.b__a', true],
    ['acme/platform', true],
    ['a_b/platform', true],
    // Config Sync dials "a.b__a"; references have no such host.
    ['a.b__a/platform', false],
    ['a.b/platform', true],
    ['a.b./platform', false],
  ])('%s: %s', (text, expected) => {
    expect(RE2JS.compile(PLAIN_IMAGE).test(text)).toBe(expected);
    expect(isReadable(text)).toBe(expected);
  });
});

describe('PLAIN_CHART', () => {
  it.each([
    ['a.b/charts/platform', true],
    ['localhost:5000/platform', true],
    // Helm takes it for a host, references for a path on Docker Hub.
    ['localhost/platform', false],
    ['a:5000/platform', true],
    // Helm takes "acme" for the host, references take it for a path on Docker Hub.
    ['acme/charts/platform', false],
    ['a.b/charts/platform:v1', false],
    ['a.b/charts/../platform', false],
    ['a.b', false],
  ])('%s: %s', (text, expected) => {
    expect(RE2JS.compile(PLAIN_CHART).test(text)).toBe(expected);
  });
});
