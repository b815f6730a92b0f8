import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from '#test/mutations/mutations.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the table of mutations', () => {
  it('names code that is there, exactly once, and tests that exist', () => {
    const stale = MUTATIONS.filter(({ file, find }) => {
      const path = join(root, file);
      return !existsSync(path) || readFileSync(path, 'utf8').split(find).length !== 2;
    });
    expect(stale.map(({ guarantee, file }) => `${file}: ${guarantee}`)).toEqual([]);
    const tests = new Set(MUTATIONS.flatMap((mutation) => mutation.tests));
    expect([...tests].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
