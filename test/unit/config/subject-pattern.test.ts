import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { findAnchorProblem, findCompileProblem } from '#shared/config/subject-pattern.ts';
import { fc } from '#test/fixtures/fast-check.ts';

describe('findAnchorProblem()', () => {
  it.each([
    '^a$',
    '^$',
    '^https://github\\.com/acme/.+$',
    '^(?:a|b)$',
    '^(a|b)$',
    '^(?P<name>a|b)$',
    '^(?i)a$',
    '^(?i:a|b)$',
    '^(?:a(?:b|c)|d)$',
    '^[|]$',
    '^[^|]$',
    '^[]|]$',
    '^[^]|]$',
    '^[[:alpha:]|]$',
    '^[\\]|]$',
    '^a\\|b$',
    '^a\\\\$',
    '^(?:a$|b)$',
  ])('accepts %s', async (pattern) => {
    expect(findAnchorProblem(pattern)).toBeUndefined();
    expect(await findCompileProblem(pattern)).toBeUndefined();
  });

  // Each of these compiles, and finds itself inside a longer text.
  it.each([
    ['a$', /start/],
    ['', /start/],
    ['(^a$)', /start/],
    ['(?i)^a$', /start/],
    ['^a', /end/],
    ['^a\\$', /end/],
    ['^a\\\\\\$', /end/],
    ['^\\Qa$', /Quotes/],
    ['^\\Q\\E?a$', /Quotes/],
    ['^(?i)*a$', /optional/],
    ['^(?i)(?s)?a$', /optional/],
    ['^(?:)*\\Qa\\E$', /Quotes/],
    ['^a\\Q$\\E', /Quotes/],
    ['^a[$]', /end/],
    ['^(a$)', /end/],
    ['^(?:a$|b)', /end/],
    ['^a$|b', /group/],
    ['^a|b$', /group/],
    ['^a|^b$', /group/],
    ['^(?:a)|(?:b)$', /group/],
    ['^[a]|b$', /group/],
    ['^[]]|b$', /group/],
    ['^[[:alpha:]]|b$', /group/],
    ['^\\(|b$', /group/],
    ['^|a$', /group/],
    ['^*a$', /optional/],
    ['^?a$', /optional/],
    ['^+a$', /optional/],
    ['^{0,1}a$', /optional/],
    ['^(?m)a$', /flag m/],
    ['^(?m:a)$', /flag m/],
    ['^(?im)a$', /flag m/],
    ['^(?i-m)a$', /flag m/],
    ['^(?:(?m)a)$', /flag m/],
  ])('refuses %s', (pattern, problem) => {
    expect(findAnchorProblem(pattern)).toMatch(problem);
  });
});

describe('a pattern that findAnchorProblem() accepts', () => {
  const PIECES = [
    '^',
    '$',
    '|',
    '(',
    ')',
    '(?:',
    '(?m)',
    '(?i)',
    '(?s)',
    '()',
    '(?i:',
    '[',
    ']',
    '[^',
    '[:alpha:]',
    '\\',
    '\\Q',
    '\\E',
    '-',
    '*',
    '+',
    '?',
    '{0,1}',
    'a',
    'b',
    '.',
    '\\n',
    '\\A',
    '\\z',
    '\\b',
  ];
  const piece = fc.constantFrom(...PIECES);
  const pattern = fc.array(piece, { maxLength: 8 }).map((pieces) => `^${pieces.join('')}$`);
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', '$', '^', '|', '\n', ']'),
    maxLength: 5,
  });

  it('is found in a text only as the whole text', () => {
    let accepted = 0;
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 8, maxLength: 8 }), (source, texts) => {
        if (findAnchorProblem(source) !== undefined) return;
        const compiled = compile(source);
        if (compiled === undefined) return;
        accepted += 1;
        const partial = texts.filter(
          (each) => compiled.matcher(each).find() && !compiled.matches(each),
        );
        expect([source, partial]).toEqual([source, []]);
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(150);
  });
});

function compile(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source);
  } catch {
    return undefined;
  }
}

describe('findCompileProblem()', () => {
  it.each(['^(?=a)$', '^(a)\\1$', '^(a$', '^a{1001}$', '^[b-a]$', '^(?<!a)b$'])(
    'refuses %s, which is not for a linear-time engine',
    async (pattern) => {
      expect(await findCompileProblem(pattern)).toMatch(/./);
    },
  );
});
