import { describe, expect, it } from 'vitest';
import { buildJsonSchema, type JsonSchema } from '#shared/config/json-schema.ts';
import { BAD_CONFIGS } from './bad-configs.ts';
import { edit, problemsOf } from './fixture.ts';

const MARK = '«';

describe('parseConfig() refuses', () => {
  it.each(BAD_CONFIGS)('$path: $kind ($after)', async ({ base, before, after, path, kind }) => {
    const marked = edit(base, before, after);
    const problems = await problemsOf(marked.replace(MARK, ''));
    expect(problems.map((problem) => `${problem.path} ${problem.kind}`)).toEqual([
      `${path} ${kind}`,
    ]);
    const [problem] = problems;
    expect(problem?.problem).not.toMatch(/\.$/);
    expect(problem?.fix).toMatch(/^[A-Z]/);
    if (!after.includes(MARK)) return;
    const [untilMark = ''] = marked.split(MARK);
    const lines = untilMark.split('\n');
    expect(problem).toMatchObject({
      line: lines.length,
      column: (lines.at(-1)?.length ?? 0) + 1,
    });
  });
});

describe('the table of bad configs', () => {
  it('has a case for every key of the schema', () => {
    const paths = new Set(BAD_CONFIGS.map(({ path }) => path.replace(/\[(?:\d+|".*?")\]/g, '')));
    const covered = [...paths].map(withoutNames);
    const missing = keysOf(buildJsonSchema(), '').filter((key) => !covered.includes(key));
    expect(missing).toEqual([]);
  });

  it('has an unknown key at every level', () => {
    const unknown = BAD_CONFIGS.filter(({ kind }) => kind === 'unknown-key')
      .map(({ path }) => withoutNames(path.replace(/\[\d+\]/g, '')))
      .map((path) => path.replace(/\.?[^.]+$/, ''));
    const missing = mapsOf(buildJsonSchema(), '').filter((path) => !unknown.includes(path));
    // Every function's entry is one of the same shapes.
    expect(missing).toEqual(['access.push', 'access.cluster', 'access.history']);
  });
});

/** Without the names that authors of configs choose. */
function withoutNames(path: string): string {
  return path
    .replace(/^trust\.(?:release|open)/, 'trust')
    .replace(/^rollouts\.(strategies|windows)\.(?:fleet|tags|office)/, 'rollouts.$1');
}

/** Paths of all keys that the schema knows, without list indexes and names that authors choose. */
function keysOf(schema: JsonSchema, path: string): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return typeof value === 'object' ? [at, ...keysOf(value, at)] : [at];
  });
  return distinct([...own, ...partsOf(schema).flatMap((part) => keysOf(part, path))]).filter(
    (key) => !/^access\.(?:push|cluster|sweep|history|admission)$|^access\.[a-z]+\.\w+$/.test(key),
  );
}

/** Paths of all maps with a closed set of keys. */
function mapsOf(schema: JsonSchema, path: string): string[] {
  const own = schema.additionalProperties === false ? [path] : [];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([key, value]) =>
    typeof value === 'object' ? mapsOf(value, path === '' ? key : `${path}.${key}`) : [],
  );
  return distinct([...own, ...fields, ...partsOf(schema).flatMap((part) => mapsOf(part, path))]);
}

function partsOf(schema: JsonSchema): JsonSchema[] {
  const { items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  return [items, additionalProperties, ...anyOf, ...oneOf]
    .flat()
    .filter((part) => typeof part === 'object');
}

function distinct(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}
