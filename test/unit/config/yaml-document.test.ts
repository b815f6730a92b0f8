import { describe, expect, it } from 'vitest';
import {
  MAX_ALIASES,
  MAX_CONFIG_BYTES,
  MAX_PROBLEMS,
  MAX_SYNTAX_ERRORS,
} from '#shared/config/limits.ts';
import { edit, fullText, lineOf, parse, problemsOf } from './fixture.ts';

describe('parseConfig() of text that is no good YAML', () => {
  it.each([
    [
      'a duplicate key',
      edit(fullText, 'unmatched: deny', 'unmatched: deny\nunmatched: ignore'),
      'unmatched: ignore',
      'duplicate',
    ],
    [
      'a duplicate key in a flow map',
      edit(fullText, 'plainHttp: true', 'auth: none, plainHttp: true'),
      'auth: none }',
      'duplicate',
    ],
    ['a second document', `${fullText}---\na: 1\n`, '---\na: 1', 'yaml'],
    ['a tab as indent', edit(fullText, '  gkeHub', '\tgkeHub'), '\tgkeHub', 'yaml'],
    ['an open quote', edit(fullText, '"tier != sandbox"', '"tier != sandbox'), '"tier', 'yaml'],
    [
      'an open bracket',
      edit(fullText, 'breakGlass: [oncall@acme.example],', 'breakGlass: [oncall@acme.example,'),
      'breakGlass',
      'yaml',
    ],
    [
      'an unknown tag',
      edit(fullText, 'unmatched: deny', 'unmatched: !secret deny'),
      '!secret',
      'yaml',
    ],
    [
      'an anchor that is not there',
      edit(fullText, 'unmatched: deny', 'unmatched: *other'),
      '*other',
      'yaml',
    ],
    [
      'a key that is a list',
      edit(fullText, 'unmatched: deny', '? [unmatched]\n: deny'),
      '[unmatched]',
      'yaml',
    ],
  ])('reports %s where it is', async (_what, text, needle, kind) => {
    const [problem] = await problemsOf(text);
    expect(problem?.kind).toBe(kind);
    expect(problem?.line).toBe(lineOf(text, needle));
  });

  it.each(['', '# nothing\n', 'null', '[]', '5', 'text', '- a\n- b'])(
    'reports %j as a whole',
    async (text) => {
      const problems = await problemsOf(text);
      expect(problems.length).toBeGreaterThan(0);
      for (const { line, column } of problems) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    },
  );

  it('still checks the rest of a file with a duplicate key', async () => {
    const text = edit(fullText, 'unmatched: deny', 'unmatched: deny\nunmatched: ignore\nother: 1');
    const problems = await problemsOf(text);
    expect(problems.map(({ kind }) => kind)).toEqual(['duplicate', 'unknown-key']);
  });

  it('takes merge keys, and finds what is wrong beside them', async () => {
    const anchored = edit(fullText, 'push: { mode: iam,', 'push: &push { mode: iam,');
    const history = (more: string): string => `${anchored}  history: { <<: *push${more} }\n`;
    const { push } = (await parse(fullText)).access;
    expect((await parse(history(''))).access).toMatchObject({ history: push });
    const text = history(', mod: iam');
    const [problem] = await problemsOf(text);
    expect(problem).toMatchObject({ kind: 'unknown-key', line: lineOf(text, 'mod: iam') });
  });

  it.each([
    ['brackets that are open', '['.repeat(3_000), 'Is nested too deeply'],
    ['brackets', `${'['.repeat(3_000)}${']'.repeat(3_000)}`, 'Is nested too deeply'],
    ['lists in lists', `${'- '.repeat(3_000)}x`, 'Is nested too deeply'],
    ['a merge of what is no map', 'fleet: { <<: 5 }', 'Merges what is no map'],
    ['a tag', 'fleet: !!a/b.c:d x', 'Unresolved tag: tag:yaml.org,2002:a/b.c:d'],
  ])('says plainly and once what is wrong with %s', async (_what, text, problem) => {
    expect(await problemsOf(text)).toEqual([expect.objectContaining({ kind: 'yaml', problem })]);
  });

  it('names one slip of syntax, not everything that follows from it', async () => {
    const problems = await problemsOf(`{}\n${fullText}`);
    expect(problems).toHaveLength(MAX_SYNTAX_ERRORS);
  });

  it('places a problem at the alias whose value is wrong', async () => {
    const text = edit(
      edit(fullText, 'viewers: [dev@acme.example]', 'viewers: &who [dev@acme.example, nobody]'),
      'invokers: [ops@acme.example]',
      'invokers: *who',
    );
    const problems = await problemsOf(text);
    expect(problems.map(({ path }) => path)).toEqual([
      'access.api.viewers[1]',
      'access.api.invokers[1]',
    ]);
    expect(new Set(problems.map(({ line }) => line))).toEqual(new Set([lineOf(text, '&who')]));
  });

  it('takes what is written over what is merged', async () => {
    const text = edit(fullText, 'gate: { ', 'gate: { <<: { breakGlass: [] }, ');
    expect((await parse(text)).gate).toEqual((await parse(fullText)).gate);
  });
});

describe('parseConfig() of text that would be too much', () => {
  it('refuses a file past the limit before reading it', async () => {
    const padding = (size: number): string =>
      `${fullText}#${'x'.repeat(size - fullText.length - 1)}`;
    await expect(parse(padding(MAX_CONFIG_BYTES))).resolves.toBeDefined();
    const problems = await problemsOf(padding(MAX_CONFIG_BYTES + 1));
    expect(problems).toEqual([expect.objectContaining({ kind: 'too-large', line: 1, column: 1 })]);
  });

  it('counts bytes, not characters', async () => {
    const problems = await problemsOf(`#${'é'.repeat(MAX_CONFIG_BYTES / 2)}`);
    expect(problems.map(({ kind }) => kind)).toEqual(['too-large']);
  });

  it('refuses aliases of aliases', async () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`,
    );
    const problems = await problemsOf(`l0: &l0 [x]\n${levels.join('\n')}\n`);
    expect(problems).toEqual([expect.objectContaining({ kind: 'yaml', path: '' })]);
  });

  it('refuses one anchor repeated too often', async () => {
    const repeated = (times: number): string =>
      edit(
        edit(fullText, 'viewers: [dev@acme.example]', 'viewers: [&who dev@acme.example]'),
        '[ops@acme.example]',
        `[${Array.from({ length: times }, () => '*who').join(', ')}]`,
      );
    await expect(parse(repeated(MAX_ALIASES - 1))).resolves.toBeDefined();
    const problems = await problemsOf(repeated(MAX_ALIASES + 1));
    expect(problems.map(({ kind }) => kind)).toEqual(['yaml']);
  });

  it.each([
    ['lists', '['.repeat(50_000)],
    ['closed lists', `a: ${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['maps', '{a: '.repeat(20_000)],
    [
      'indented maps',
      Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    ],
  ])('survives a file of nothing but %s', async (_what, text) => {
    expect((await problemsOf(text)).length).toBeGreaterThan(0);
  });

  it('stops listing problems at a limit', async () => {
    const keys = Array.from({ length: MAX_PROBLEMS + 100 }, (_, index) => `key${index}: 1`);
    expect(await problemsOf(`${fullText}${keys.join('\n')}\n`)).toHaveLength(MAX_PROBLEMS);
  });
});
