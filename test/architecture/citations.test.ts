import { describe, expect, it } from 'vitest';
import { readAllPages } from '#test/docs/markdown.ts';
import { commentsIn, deadCitations, readComments } from './citations.ts';

describe('comments', () => {
  const comments = readComments();

  it('cite what is in the repository', () => {
    const dead = comments.flatMap((comment) =>
      deadCitations(comment).map((cited) => `${comment.path}:${comment.line}: ${cited}`),
    );
    expect(dead).toEqual([]);
    expect(comments.length).toBeGreaterThan(4_000);
  });
});

describe('pages', () => {
  it('cite what is in the repository', () => {
    // Links and paths of pages: docs-links.test.ts.
    const dead = readAllPages().flatMap(({ path, prose }) =>
      deadCitations({ path, text: prose })
        .filter((cited) => !/\.md$|\//.test(cited))
        .map((cited) => `${path}: ${cited}`),
    );
    expect(dead).toEqual([]);
  });
});

describe('deadCitations()', () => {
  it.each([
    'DESIGN section 4',
    'sections 2 and 7 of the design',
    'facts/gate.md',
    'docs/facts/nothing.md',
    'docs/facts/config-sync.md section 2',
    'docs/facts/config-sync.md#no-such-heading',
    'law 11',
    'laws 0 and 1',
    'docs/adr/0099',
    'decision 0009',
    'shared/core/nothing.ts',
    'test/unit/core/no-such-file',
    'no-such-file.ts',
    'the seeds’ server',
    'issue 6',
  ])('finds %s', (text) => {
    expect(deadCitations({ path: 'shared/core/digest.ts', text })).not.toEqual([]);
  });

  it.each([
    'laws 3 and 7',
    'docs/design.md#law-4',
    'docs/facts/config-sync.md#image-to-sync',
    'docs/adr/0013',
    'decision 0018',
    'test/fixtures/**/*.ts',
    'functions/<name>/main.ts',
    'shared/core',
    'unit/core/live',
    'test/unit/core/live',
    'import-table.test.ts',
    'RFC 9457 section 3',
    'https://example.com/shared/nothing.ts',
  ])('accepts %s', (text) => {
    expect(deadCitations({ path: 'shared/core/digest.ts', text })).toEqual([]);
  });
});

describe('commentsIn()', () => {
  it('joins the lines of a comment, and reads those behind code', () => {
    const text = [
      '/** One',
      ' * two. */',
      "const a = 'https://x/'; // three",
      '// four',
      '// five',
    ];
    expect(commentsIn('a.ts', text.join('\n'))).toEqual([
      { path: 'a.ts', line: 1, text: 'One two.' },
      { path: 'a.ts', line: 3, text: 'three four five' },
    ]);
    expect(commentsIn('a.tf', '# one\n# two\nx = 1 # three')).toEqual([
      { path: 'a.tf', line: 1, text: 'one two' },
      { path: 'a.tf', line: 3, text: 'three' },
    ]);
  });
});
