import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleCommand } from '#infra/build/cli/bundle-command.ts';
import { polyfills } from '#infra/build/cli/polyfills.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const RELEASE = { version: '1.2.3', commit: 'c'.repeat(40) };
/** What packages try to require, and do without. */
const OPTIONAL = ['bufferutil', 'supports-color', 'utf-8-validate'];

let folder: string;
let metafile: Metafile;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packed-'));
  const outfile = join(folder, 'countersign.mjs');
  metafile = await bundleCommand({ root, format: 'esm', outfile, release: RELEASE });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the packed command', () => {
  it('is one file that needs nothing but Node', () => {
    expect(readdirSync(folder)).toEqual(['countersign.mjs']);
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    const known = new Set([...builtinModules, ...OPTIONAL]);
    const others = imports.filter(
      ({ path }) => !known.has(path) && !known.has(path.replace(/^node:/, '')),
    );
    expect(others).toEqual([]);
  });

  it('loads no module of Node before it is needed', () => {
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    expect(imports.filter(({ kind }) => kind === 'import-statement')).toEqual([]);
    expect(imports.length).toBeGreaterThan(10);
  });

  // V8 would keep two bytes for each of its eight million characters, and parse them more slowly.
  it('has no character beyond Latin-1', () => {
    const text = readFileSync(join(folder, 'countersign.mjs'), 'utf8');
    expect(text.match(/[^\0-\xff]/g) ?? []).toEqual([]);
  });

  it('says which release it is, away from any checkout', () => {
    const program = join(folder, 'countersign.mjs');
    const options = { cwd: folder, encoding: 'utf8', env: { HOME: folder } } as const;
    const printed = execFileSync(process.execPath, [program, 'version', '-o', 'json'], options);
    expect(JSON.parse(printed)).toMatchObject({ ...RELEASE, config: 'countersign.dev/v1' });
  });

  it('brings along what Node 20 lacks of the language, and leaves JSON to Node', () => {
    const modules = polyfills();
    for (const name of [
      'es.promise.with-resolvers',
      'es.regexp.escape',
      'es.map.group-by',
      'web.url.parse',
    ]) {
      expect(modules).toContain(`core-js/modules/${name}.js`);
    }
    expect(modules.filter((name) => name.includes('es.json'))).toEqual([]);
    expect(modules.length).toBeLessThan(60);
  });
});
