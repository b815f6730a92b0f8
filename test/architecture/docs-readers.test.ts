import { describe, expect, it } from 'vitest';
import { readAllPages } from '#test/docs/markdown.ts';

const pages = readAllPages().filter(({ path }) => /^(?:docs\/[^/]+|SECURITY)\.md$/.test(path));

/** The first paragraph below the title. */
function opening(prose: string): string {
  return prose.split(/\n{2,}/)[1] ?? '';
}

describe('every page', () => {
  it('begins with whom it is for, and what that reader learns', () => {
    expect(pages.length).toBeGreaterThan(30);
    const silent = pages.filter(({ prose }) => !/^For .+[.:] .*You learn /s.test(opening(prose)));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});
