import type { Mutation } from './mutations.ts';

const TEXT = 'test/unit/functions/cli/output/text.test.ts';
const VIEW = 'test/unit/functions/cli/output/view.test.ts';
const STATUS = 'test/unit/functions/cli/screens/status.test.ts';
const PROGRAM = 'test/unit/functions/cli/output/print.test.ts';
const FIX = 'test/service/api/explain-fix.test.ts';

/** What a person's screen must not show, and what it must. */
export const SCREEN_MUTATIONS: readonly Mutation[] = (
  [
    [
      'no text of others rules a terminal, coloured or not',
      'functions/cli/output/line.ts',
      'renderLine',
      'const clean = at === last ? cleanLine(text).trimEnd() : cleanLine(text);',
      'const clean = text;',
      [TEXT],
    ],
    [
      'what a verb writes by itself is cleaned as well',
      'functions/cli/run-verb.ts',
      'runVerb',
      'write(cleanText(text))',
      'write(text)',
      [PROGRAM],
    ],
    [
      'no text of others rules a terminal as YAML',
      'functions/cli/output/yaml.ts',
      'formatYaml',
      '.replaceAll(UNSEEN, escape)',
      '',
      [VIEW],
    ],
    [
      'a pipe has no colours',
      'functions/cli/output/colour.ts',
      'hasColour',
      "return isTerminal && env.TERM !== 'dumb';",
      'return true;',
      [TEXT],
    ],
    [
      'a large fleet fits one screen',
      'functions/cli/screens/overview.ts',
      'drawOverview',
      'const room = all ? Infinity : SCREEN',
      'const room = SCREEN * 100',
      [STATUS],
    ],
    [
      'the exit code says what the first line says',
      'functions/cli/fleet/show-status.ts',
      'isFine',
      'unwell === 0 && ',
      '',
      [STATUS],
    ],
    [
      'what signs an index is no command for its child',
      'functions/api/explain/find-fix.ts',
      'signIt',
      'image.index ?? image.digest',
      'image.digest',
      [FIX],
    ],
  ] as const
).map(([guarantee, file, name, find, replace, tests]) => ({
  guarantee: `screens: ${guarantee}`,
  file,
  in: name,
  find,
  replace,
  tests,
}));
