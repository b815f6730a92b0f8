import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS, NEEDS } from '#test/docs/blocks.ts';
import { type Block, parsePage, readGuides, ROOT } from '#test/docs/markdown.ts';
import { RUN_BY } from '#test/docs/registry.ts';

const blocks = readGuides().flatMap((page) => page.blocks);

function placeOf({ page, line }: Block): string {
  return `${page}:${line}`;
}

describe('every block of the guides', () => {
  it('names its language', () => {
    expect(blocks.length).toBeGreaterThan(20);
    expect(blocks.filter(({ language }) => language === '').map(placeOf)).toEqual([]);
  });

  it('that a reader types is run by a test, or says what it needs', () => {
    const neither = blocks
      .filter(({ language }) => COMMANDS.has(language))
      .filter(({ run, needs }) => run === undefined && needs === undefined);
    expect(neither.map(placeOf)).toEqual([]);
  });

  it('that says what it needs, needs what tests do not have', () => {
    const unknown = blocks.filter(({ needs }) => needs !== undefined && !NEEDS.has(needs));
    expect(unknown.map(placeOf)).toEqual([]);
  });

  it('that types as a console has a language that can be pasted', () => {
    const pasted = blocks.filter(({ language }) => COMMANDS.has(language));
    expect(pasted.filter(({ language }) => language !== 'sh').map(placeOf)).toEqual([]);
    expect(pasted.filter(({ text }) => /^\s*[$>] /m.test(text)).map(placeOf)).toEqual([]);
  });
});

describe('every block that is run', () => {
  const ids = blocks.flatMap(({ run }) => run ?? []);

  it('has a name of its own, and a test that is known', () => {
    expect(ids.toSorted()).toEqual(Object.keys(RUN_BY).toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(Object.entries(RUN_BY))('%s is named in %s', (id, test) => {
    expect(readFileSync(join(ROOT, test), 'utf8')).toContain(`'${id}'`);
  });
});

describe('parsePage()', () => {
  it('reads marks above a block, and leaves prose line for line', () => {
    const page = parsePage(
      'a.md',
      [
        '<!-- run: a-b -->',
        '```sh',
        'one',
        '```',
        '1. *Needs Google Cloud.*',
        '',
        '   ```sh x',
        '   two',
        '   ```',
        'end',
      ].join('\n'),
    );
    expect(page.blocks).toEqual([
      { page: 'a.md', line: 2, language: 'sh', info: '', text: 'one', run: 'a-b' },
      { page: 'a.md', line: 7, language: 'sh', info: 'x', text: 'two', needs: 'Google Cloud' },
    ]);
    expect(page.prose.split('\n')).toHaveLength(10);
    expect(page.prose).not.toContain('two');
  });

  it('refuses a block that never closes', () => {
    expect(() => parsePage('a.md', '```sh\none\n')).toThrow('a.md:1');
  });
});
