import type { Plugin } from 'esbuild';

/**
 * Leaves out the half megabyte of East Asian character tables that functions-framework brings with its body parser:
 * every body is read before that parser sees it (`shared/http/cap-body.ts`), and what we read is UTF-8.
 */
export const withoutCharacterTables: Plugin = {
  name: 'without-character-tables',
  setup(build) {
    build.onLoad({ filter: /[/\\]iconv-lite[/\\]encodings[/\\]tables[/\\][^/\\]+\.json$/ }, () => ({
      contents: '[]',
      loader: 'json',
    }));
  },
};
