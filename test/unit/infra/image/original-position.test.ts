import { SourceMap } from 'node:module';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { type SourceMapText, originalPosition } from '#infra/build/image/map-stacks.ts';
import * as z from 'zod';

const Map = z.object({
  version: z.number(),
  file: z.string().default(''),
  sources: z.array(z.string()),
  names: z.array(z.string()),
  mappings: z.string(),
});
/** Few lines and long ones, of several sources: what our bundles are. */
const ENTRY = 'shared/http/app.ts';

let map: SourceMapText;
let code: readonly string[];
let oracle: SourceMap;
beforeAll(async () => {
  const options = { bundle: true, minify: true, format: 'esm', platform: 'node' } as const;
  const { outputFiles } = await build({
    ...options,
    entryPoints: [ENTRY],
    sourcemap: 'external',
    outdir: 'out',
    write: false,
  });
  const [mapFile, codeFile] = outputFiles;
  const parsed = Map.parse(JSON.parse(mapFile?.text ?? ''));
  map = parsed;
  code = codeFile?.text.split('\n') ?? [];
  oracle = new SourceMap({ ...parsed, sourcesContent: [], sourceRoot: '' });
});

describe('originalPosition()', () => {
  it('says what Node says, anywhere in a bundle', () => {
    const line = code.toSorted((a, b) => b.length - a.length)[0] ?? '';
    const row = code.indexOf(line) + 1;
    const columns = Array.from(
      { length: 60 },
      (_, step) => 1 + Math.floor((line.length / 60) * step),
    );
    const ours = columns.map((column) => originalPosition(map, row, column));
    const theirs = columns.map((column) => {
      const found = oracle.findEntry(row - 1, column - 1);
      if (!('originalSource' in found)) return undefined;
      const { originalSource: source, originalLine, originalColumn } = found;
      return { source, line: originalLine + 1, column: originalColumn + 1 };
    });
    expect(ours).toEqual(theirs);
    expect(new Set(ours.map((found) => found?.source)).size).toBeGreaterThan(3);
  });

  it.each([
    { what: 'before the first mapping of a line', mappings: 'EAAA', line: 1, column: 1 },
    { what: 'in a line without mappings', mappings: ';AAAA', line: 1, column: 9 },
    { what: 'past the last line', mappings: 'AAAA', line: 7, column: 1 },
    { what: 'where a mapping names no source', mappings: 'AAAA,I', line: 1, column: 6 },
    { what: 'of a source that is not listed', mappings: 'ACAA', line: 1, column: 1 },
  ])('says nothing $what', ({ mappings, line, column }) => {
    expect(originalPosition({ sources: ['a.ts'], mappings }, line, column)).toBeUndefined();
  });

  it('goes back as well as forth', () => {
    const text = { sources: ['a.ts', 'b.ts'], mappings: 'AACK,KDFL;AAAA' };
    expect(originalPosition(text, 1, 1)).toEqual({ source: 'a.ts', line: 2, column: 6 });
    expect(originalPosition(text, 1, 6)).toBeUndefined();
    expect(originalPosition({ ...text, mappings: 'ACEK,KDDJ' }, 1, 6)).toEqual({
      source: 'a.ts',
      line: 2,
      column: 2,
    });
  });
});
