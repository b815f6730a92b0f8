import { describe, expect, it } from 'vitest';
import {
  MAX_ALIASES,
  MAX_CONFIG_BYTES,
  MAX_FAULT_TEXT,
  MAX_PROBLEMS,
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
    ['a tag', 'fleet: !!a/b.c:d x', 'Unresolved tag: tag:yaml.org,2002:a/b.c:d'],
  ])('says plainly and once what is wrong with %s', async (_what, text, problem) => {
    expect(await problemsOf(text)).toEqual([expect.objectContaining({ kind: 'yaml', problem })]);
  });

  it('names one slip of syntax, and nothing that follows from it', async () => {
    expect(await problemsOf(`{}\n${fullText}`)).toHaveLength(1);
    const text = edit(fullText, '  sweepTasks:', '   sweepTasks:');
    const place = {
      line: lineOf(text, 'projects/p/topics/countersign-tasks'),
      path: 'topics.tasks',
    };
    expect(await problemsOf(text)).toEqual([expect.objectContaining(place)]);
  });

  it.each(['\t\teffect: gate', '  \teffect: gate'])(
    'says of %j that tabs are no indentation',
    async (line) => {
      const text = edit(fullText, '    effect: gate', line);
      const problem = 'Tabs are not allowed as indentation';
      const found = { line: lineOf(text, line), column: 1, problem };
      expect(await problemsOf(text)).toEqual([expect.objectContaining(found)]);
    },
  );

  it.each([
    ['gate: { <<: 5 }', '5', 'gate["<<"]'],
    ['gate:\n  <<: text', 'text', 'gate["<<"]'],
    ['gate: { <<: [{ mayHold: anyone }, 1] }', '1] }', 'gate["<<"][1]'],
    ['gate: { <<: [[{ mayHold: anyone }]] }', '[{ may', 'gate["<<"][0]'],
    ['x: &list [1]\ngate: { <<: *list }', '*list', 'gate["<<"]'],
    ['x: &one 1\ngate: { <<: *one }', '*one', 'gate["<<"]'],
    ['images:\n  - <<: 5\n    match: a', '5', 'images[0]["<<"]'],
    ['<<: 5', '5', '["<<"]'],
  ])('places at its value the merge of what is no map: %s', async (text, needle, path) => {
    const problem = 'Merges what is no map';
    expect(await problemsOf(`# \n${text}\n`)).toEqual([
      { ...placeOf(`# \n${text}`, needle), path, kind: 'yaml', problem, fix: expect.any(String) },
    ]);
  });

  it('names each bad merge', async () => {
    const problems = await problemsOf('gate: { <<: 5 }\nstore:\n  <<:\n');
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ['gate["<<"]', 1],
      ['store["<<"]', 3],
    ]);
  });

  it.each([
    ['gate: &a\n  <<: *a', '*a', 'gate["<<"]'],
    ['gate: &a\n  x: [*a]', '*a', 'gate.x[0]'],
  ])('places an alias inside of its anchor: %s', async (text, needle, path) => {
    expect(await problemsOf(text)).toEqual([
      expect.objectContaining({ ...placeOf(text, needle), path, kind: 'yaml' }),
    ]);
  });

  it.each([
    ['an unknown key', '<<: { mayHoldd: anyone }', 'mayHoldd', 'gate.mayHoldd'],
    ['a bad value', '<<: { mayHold: 5 }', '5 }', 'gate.mayHold'],
    ['a bad value in a list', '<<: [{ breakGlass: [] }, { mayHold: 5 }]', '5 }', 'gate.mayHold'],
  ])('places what is merged where it is written: %s', async (_what, merge, needle, path) => {
    const gate = `gate:\n  ${merge}\n  identity: a@p.iam.gserviceaccount.com\n`;
    const text = edit(fullText, /^gate:.*$/m.exec(fullText)?.[0] ?? '', gate);
    expect(await problemsOf(text)).toEqual([
      expect.objectContaining({ ...placeOf(text, needle), path }),
    ]);
  });

  it.each(['viewers: [dev@acme.example]', 'viewers: [dev@acme.example, nobody]'])(
    'names once what is wrong where an alias repeats it: %s',
    async (viewers) => {
      const anchored = viewers.replace(': ', ': &who ').replace(']', ', nowhere]');
      const text = edit(
        edit(fullText, 'viewers: [dev@acme.example]', anchored),
        'invokers: [ops@acme.example]',
        'invokers: *who',
      );
      const problems = await problemsOf(text);
      expect(new Set(problems.map(({ path }) => path.replace(/\[\d\]$/, '')))).toEqual(
        new Set(['access.api.viewers']),
      );
      expect(problems).toHaveLength(anchored.split(',').length - 1);
    },
  );

  it.each([
    ['a list of pairs', '!!omap [mode: warn]', 'omap'],
    ['a set', '!!set { mode }', 'set'],
    ['bytes', '!!binary aGk=', 'binary'],
    ['a time', '!!timestamp 2001-01-01', 'timestamp'],
  ])('refuses %s, which would be taken for an empty map', async (_what, value, tag) => {
    const text = edit(
      fullText,
      /^admission: .*$/m.exec(fullText)?.[0] ?? '',
      `admission: ${value}`,
    );
    const problem = `Unresolved tag: tag:yaml.org,2002:${tag}`;
    const place = { line: lineOf(text, 'admission: !!'), path: 'admission', problem };
    expect(await problemsOf(text)).toEqual([expect.objectContaining(place)]);
  });

  it('refuses YAML 1.1, which reads 010 as 8', async () => {
    const text = `# \n%YAML 1.1\n---\n${fullText}`;
    expect(await problemsOf(text)).toEqual([
      expect.objectContaining({ line: 2, column: 1, problem: 'Is written in YAML 1.1' }),
    ]);
    expect(await parse(`%YAML 1.2\n---\n${fullText}`)).toEqual(await parse(fullText));
  });

  it.each([
    ['annotations: { env: prod }', 'annotations: { env: prod, __proto__: x }'],
    ['open: { allowUnsigned: true }', 'open: { allowUnsigned: true }\n  __proto__: {}'],
  ])('names the key that an object would lose: %s', async (before, after) => {
    const text = edit(fullText, before, after);
    const [problem, ...more] = await problemsOf(text);
    expect([problem?.path.endsWith('.__proto__'), more]).toEqual([true, []]);
    expect(problem).toMatchObject(placeOf(text, '__proto__'));
  });

  it('reads lines that end with CR as it reads others', async () => {
    const bad = edit(fullText, 'unmatched: deny', 'unmatched: denied');
    for (const end of ['\r\n', '\r']) {
      expect(await parse(fullText.replaceAll('\n', end))).toEqual(await parse(fullText));
      expect(await problemsOf(bad.replaceAll('\n', end))).toEqual(await problemsOf(bad));
    }
  });

  it.each([
    ['unmatched: "deny', '"deny', 'unmatched'],
    ["unmatched: 'deny", "'deny", 'unmatched'],
    ['gate: { identity: a', '{ identity', 'gate'],
    ['gate: [a, b', '[a, b', 'gate'],
  ])('places what is not closed where it is opened: %s', async (line, needle, path) => {
    const before = line.startsWith('gate')
      ? (/^gate:.*$/m.exec(fullText)?.[0] ?? '')
      : 'unmatched: deny';
    const text = edit(fullText, before, line);
    expect(await problemsOf(text)).toEqual([
      expect.objectContaining({ ...placeOf(text, needle), path, fix: 'Close it' }),
    ]);
  });

  it.each([
    ['effect: gate', 'effect: gate\n    effect: pin', 'images[0].effect', 'duplicate'],
    ['unmatched: deny', 'unmatched: @deny', 'unmatched', 'yaml'],
    ['match: us-docker.pkg.dev/acme/configs/**', 'match: **', 'images[0].match', 'yaml'],
    ['unmatched: deny', 'unmatched: !secret deny', 'unmatched', 'yaml'],
  ])('names the field: %s', async (before, after, path, kind) => {
    const text = edit(fullText, before, after);
    expect(await problemsOf(text)).toEqual([expect.objectContaining({ path, kind })]);
  });

  it.each([
    ['unmatched: deny', 'unmatched:', 'Is empty', 'Write deny or ignore'],
    ['plainHttp: true', 'plainHttp: yes', 'Is a text', 'Write true or false'],
    ['require: 1', 'require: 1000', 'Is more than 50', 'Write it as in 1'],
  ])(
    'says once what is wrong with a value, and the fix: %s',
    async (before, after, problem, fix) => {
      const problems = await problemsOf(edit(fullText, before, after));
      expect(problems).toEqual([expect.objectContaining({ problem, fix })]);
    },
  );

  it('repeats no more than the beginning of a key', async () => {
    const [problem] = await problemsOf(`? ${'k'.repeat(100_000)}\n: 1\n${fullText}`);
    expect(problem?.path).toHaveLength(MAX_FAULT_TEXT + '[""]…'.length);
  });

  it('takes what is written over what is merged', async () => {
    const text = edit(fullText, 'gate: { ', 'gate: { <<: { breakGlass: [] }, ');
    expect((await parse(text)).gate).toEqual((await parse(fullText)).gate);
  });
});

/** Line and column, from 1, at which `needle` begins in `text`. */
function placeOf(text: string, needle: string): { line: number; column: number } {
  const at = text.indexOf(needle);
  return { line: lineOf(text, needle), column: at - text.lastIndexOf('\n', at - 1) };
}

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
    const last = { kind: 'yaml', path: 'l20', line: 21, column: 18 };
    expect(problems).toEqual([expect.objectContaining(last)]);
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
