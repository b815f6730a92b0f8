import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isFresh, markFresh } from '#infra/build/freshness.ts';

let root: string;
let outdir: string;
const settings = { entries: { push: './functions/push/main.ts' } };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-fresh-'));
  outdir = join(root, 'dist');
  await mkdir(outdir);
  const meta = {
    inputs: { 'main.ts': {}, 'other-module:http': {} },
    outputs: { 'dist/main.js': { bytes: 6 } },
  };
  for (const [path, text] of [
    ['package-lock.json', '{}'],
    ['main.ts', 'a = 1'],
    ['dist/main.js', 'a = 1\n'],
    ['dist/meta.json', JSON.stringify(meta)],
  ] as const) {
    await writeFile(join(root, path), text);
  }
  await markFresh({ root, outdir, settings });
});
afterEach(() => rm(root, { recursive: true }));

it('finds fresh what was built of the same sources', async () => {
  await writeFile(join(root, 'main.ts'), 'a = 1');
  expect(await isFresh({ root, outdir, settings })).toBe(true);
});

it('finds it so in another place', async () => {
  const moved = { root: `${root}-moved`, outdir: join(`${root}-moved`, 'dist'), settings };
  await cp(root, moved.root, { recursive: true });
  expect(await isFresh(moved)).toBe(true);
  await rm(moved.root, { recursive: true });
});

it.each([
  ['another source', 'main.ts', 'a = 2'],
  ['other packages', 'package-lock.json', '{ }'],
  ['half an output', 'dist/main.js', 'a ='],
  ['no list of what was built', 'dist/meta.json', '{}'],
])('does not with %s', async (_, path, text) => {
  await writeFile(join(root, path), text);
  expect(await isFresh({ root, outdir, settings })).toBe(false);
});

it.each(['main.ts', 'dist/main.js', 'dist/meta.json', 'dist/stamp'])(
  'does not without %s',
  async (path) => {
    await rm(join(root, path));
    expect(await isFresh({ root, outdir, settings })).toBe(false);
  },
);

it('does not for other entries', async () => {
  expect(await isFresh({ root, outdir, settings: { entries: {} } })).toBe(false);
});
