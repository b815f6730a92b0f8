import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ROOT } from '#test/docs/markdown.ts';

/** Where the name is written down as what must not be done. */
const WARNS = ['docs/adr/0035-how-the-command-is-packed.md', 'test/architecture/npm-names.test.ts'];
/** What would have npm look for a package `countersign`, which is not ours. */
const LOOKS = /\b(?:npx|npm (?:exec|install|i|x)|pnpm dlx|yarn dlx)(?: +-[-\w]*)* +countersign\b/;
const Manifest = z.object({ name: z.string(), private: z.literal(true) });

const TEXTS = globSync(
  ['*.{md,yaml,json}', '{docs,functions,infra,shared,test}/**/*.{md,ts,json,yaml,sh,tf,txt}'],
  { cwd: ROOT },
);

describe('the name of the command', () => {
  it('is never given to npm to look for', () => {
    const found = TEXTS.filter(
      (path) => !WARNS.includes(path) && LOOKS.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(found).toEqual([]);
    expect(TEXTS.length).toBeGreaterThan(500);
  });

  it.each([
    'npx countersign status',
    'npm install --global countersign',
    'npm exec -- countersign',
  ])('would be found in %j', (text) => expect(LOOKS.test(text)).toBe(true));

  it('is scoped and private where npm could publish it', () => {
    const { name } = Manifest.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    expect(name).toMatch(/^@countersign\//);
  });
});
