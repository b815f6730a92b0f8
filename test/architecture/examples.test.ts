import { describe, expect, it } from 'vitest';
import { readSources } from './sources.ts';

/** An exported `create…` or `open…`, with the doc comment right above it, if it has one. */
const MAKER =
  /(?<comment>\/\*\*(?:(?!\*\/)[^])*\*\/\n)?^export (?:async )?function (?<name>(?:create|open)[A-Z]\w*)/gm;

function makersIn(text: string): readonly { name: string; comment: string }[] {
  return [...text.matchAll(MAKER)].map(({ groups: { name = '', comment = '' } = {} }) => ({
    name,
    comment,
  }));
}

describe('what makes a part of the system', () => {
  const sources = readSources('functions/**/*.ts', 'shared/**/*.ts');

  it('shows a call of itself', () => {
    const makers = sources.flatMap(({ path, text }) =>
      makersIn(text).map((maker) => ({ ...maker, path })),
    );
    const without = makers.filter(({ name, comment }) => !showsCall(comment, name));
    expect(without.map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
    expect(makers.length).toBeGreaterThan(30);
  });
});

/** `@example`, and below it a line that calls the function by its name. */
function showsCall(comment: string, name: string): boolean {
  const [, example = ''] = comment.split('@example');
  return example.includes(`${name}(`) || example.includes(`${name}<`);
}

describe('makersIn()', () => {
  it('reads the comment that belongs to a function, and no other', () => {
    const text =
      '/** A. */\nconst a = 1;\n\n/**\n * B.\n */\nexport async function openB() {}\nexport function createC() {}\n';
    expect(makersIn(text)).toEqual([
      { name: 'openB', comment: '/**\n * B.\n */\n' },
      { name: 'createC', comment: '' },
    ]);
  });
});
