import { describe, expect, it } from 'vitest';
import { readSources } from './sources.ts';

const SOURCES = readSources('functions/**/*.ts', 'shared/**/*.ts', 'infra/**/*.ts');
const TESTS = readSources('test/**/*.ts');
/** Tables of cases are data, and may be as long as there are cases. */
const CASES = /\/(?:fixtures|hostile)\/|-?(?:cases|configs)\.ts$/;
const MAX_SOURCE_LINES = 300;
const MAX_TEST_LINES = 400;

describe('files', () => {
  it('are short', () => {
    const long = SOURCES.filter(({ lines }) => lines > MAX_SOURCE_LINES);
    expect(long.map(({ path, lines }) => `${path} ${lines}`)).toEqual([]);
  });

  it('of tests are bearable', () => {
    const long = TESTS.filter(({ path, lines }) => lines > MAX_TEST_LINES && !CASES.test(path));
    expect(long.map(({ path, lines }) => `${path} ${lines}`)).toEqual([]);
  });

  it.each([
    [
      'process.env',
      /\bprocess\.env\b/,
      [
        'functions/cli/main.ts',
        'functions/wiring/base.ts',
        'functions/wiring/start.ts',
        'infra/examples/',
        'infra/local/',
      ],
    ],
    [
      'the wall clock',
      /\bDate\.now\b|new Date\(\)/,
      ['functions/', 'infra/examples/', 'infra/local/', 'shared/http/log.ts'],
    ],
    ['console', /\bconsole\./, []],
  ])('read %s only where they may', (_, pattern, allowed) => {
    const users = SOURCES.filter(({ text }) => pattern.test(text)).filter(
      ({ path }) => !allowed.some((prefix) => path.startsWith(prefix)),
    );
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  it('hold nothing unfinished and mock no module', () => {
    const marker =
      /\.(?:only|skip|todo)\(|TODO|FIXME|@ts-(?:ignore|nocheck|expect-error)|vi\.mock\(/;
    const self = 'test/architecture/style.test.ts';
    const found = [...SOURCES, ...TESTS].filter(
      ({ path, text }) => path !== self && marker.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});
