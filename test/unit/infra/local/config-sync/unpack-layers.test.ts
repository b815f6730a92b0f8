import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTar, unpackLayers } from '#infra/local/config-sync/unpack-layers.ts';
import { buildTar, tarEntry } from '#test/fixtures/tar.ts';

const LONG = `${'d'.repeat(120)}.yaml`;
const END = Buffer.alloc(1024);

describe('readTar()', () => {
  it('lists files and directories without the ways they may be written', () => {
    const tar = buildTar({
      './': '',
      './base/': '',
      './base/a.yaml': 'x'.repeat(600),
      '/b.yaml': '',
    });
    expect([...readTar(tar)]).toMatchObject([
      { path: '', directory: true },
      { path: 'base', directory: true },
      { path: 'base/a.yaml', directory: false },
      { path: 'b.yaml', directory: false },
    ]);
  });

  it.each([
    ['pax', tarEntry('x', Buffer.from(`133 path=${LONG}\n`), 'x')],
    ['GNU', tarEntry('././@LongLink', Buffer.from(`${LONG}\0`), 'L')],
  ])('reads the long names of %s', (_, extension) => {
    const tar = Buffer.concat([extension, tarEntry('short', Buffer.from('1')), END]);
    expect([...readTar(tar)]).toMatchObject([{ path: LONG, directory: false }]);
  });

  it('takes nothing at all for an empty archive', () => {
    expect([...readTar(Buffer.alloc(0))]).toEqual([]);
  });

  it.each([
    ['a few bytes', Buffer.from('{}')],
    [
      'a header with a wrong sum',
      Buffer.concat([Buffer.from('b'), buildTar({ 'a.yaml': '' }).subarray(1)]),
    ],
    ['a block of text', Buffer.alloc(512, 'x')],
    ['a cut file', buildTar({ 'a.yaml': 'x'.repeat(600) }).subarray(0, 700)],
  ])('refuses %s', (_, bytes) => {
    expect(() => [...readTar(bytes)]).toThrow(/unexpected EOF|invalid tar header/);
  });
});

/** The paths alone. */
async function unpack(layers: readonly Buffer[]): Promise<string[]> {
  return (await unpackLayers(layers)).map(({ path }) => path);
}

describe('unpackLayers()', () => {
  it('gives the content of the topmost file', async () => {
    const layers = [buildTar({ 'a/': '', 'b.yaml': 'old' }), buildTar({ 'b.yaml': 'new' })];
    expect(
      (await unpackLayers(layers)).map(({ path, content }) => [path, content?.toString()]),
    ).toEqual([
      ['b.yaml', 'new'],
      ['a', undefined],
    ]);
  });

  const tar = buildTar({ 'a.yaml': 'a' });
  it.each([
    ['plain', tar],
    ['gzip', gzipSync(tar)],
    ['zstd', zstdCompressSync(tar)],
  ])('takes a layer that is %s', async (_, layer) => {
    expect(await unpack([layer])).toEqual(['a.yaml']);
  });

  const text = Buffer.from('kind: ConfigMap\n'.repeat(100));
  const cut = Buffer.concat([tar.subarray(0, 1024), text]);
  // Each was pulled by the real oci-sync, which exits 0 on all of them.
  it.each([
    ['a manifest and no archive', [text], []],
    ['one that is shorter than a block', [Buffer.from('kind: A')], []],
    ['compressed', [gzipSync(text)], []],
    ['compressed twice', [gzipSync(gzipSync(tar))], []],
    ['cut in its compression', [gzipSync(tar).subarray(0, 40)], []],
    ['empty', [Buffer.alloc(0)], []],
    ['over an archive', [tar, text], []],
    ['under an archive', [text, tar], ['a.yaml']],
    ['behind an entry', [cut], ['a.yaml']],
    ['cut in its first header', [tar.subarray(0, 300)], []],
  ])(
    'leaves out, without a word, what comes from a layer on that is %s',
    async (_, layers, files) => {
      expect(await unpack(layers)).toEqual(files);
    },
  );

  it('fails on a layer that breaks off in a file', async () => {
    await expect(unpackLayers([tar.subarray(0, 512)])).rejects.toThrow('unexpected EOF');
  });

  it('lays layers over each other, and hides what a whiteout names', async () => {
    const lower = buildTar({ 'gone/': '', 'gone/x.yaml': '', 'a.yaml': '', 'b.yaml': '' });
    const upper = buildTar({ '.wh.gone': '', '.wh.a.yaml': '', 'b.yaml': 'new' });
    expect(await unpack([lower, upper])).toEqual(['b.yaml']);
    expect((await unpack([upper, lower])).toSorted()).toEqual([
      'a.yaml',
      'b.yaml',
      'gone',
      'gone/x.yaml',
    ]);
  });

  it('makes no parents: a nested file needs its directory before it', async () => {
    await expect(unpackLayers([buildTar({ 'base/a.yaml': '' })])).rejects.toThrow(
      'base/a.yaml: no such file or directory',
    );
    const late = buildTar({ 'base/a.yaml': '', 'base/': '' });
    await expect(unpackLayers([late])).rejects.toThrow('no such file');
    expect(await unpackLayers([buildTar({ 'base/': '', 'base/a.yaml': '' })])).toHaveLength(2);
  });
});
