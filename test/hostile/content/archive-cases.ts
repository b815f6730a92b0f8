import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ContentRule, Taken } from '#shared/core/content.ts';
import {
  CONFIG_MAP,
  END,
  entryOf,
  GNU,
  longOf,
  paxOf,
  paxRecord,
  tarOf,
  type TarSpec,
  yamlAt,
} from '#test/fixtures/tar-builder.ts';

export interface ArchiveCase {
  readonly name: string;
  /** Lowest first. */
  readonly layers: readonly Buffer[];
  readonly expected: string;
  readonly type?: 'helm';
  readonly rule?: Partial<ContentRule>;
  readonly taken?: Taken;
  /** Go's reading differs on purpose: we refuse what it reads in one of several ways. */
}

const ZSTD = zstdCompressSync(tarOf(yamlAt('a.yaml')));
const LONG = 'd/'.repeat(60);
const one = (...entries: readonly TarSpec[]): readonly Buffer[] => [tarOf(...entries)];
const also = (...entries: readonly TarSpec[]): readonly Buffer[] =>
  one(yamlAt('a.yaml'), ...entries);
const link = (name: string, target: string, type = '2'): TarSpec => ({ name, type, target });
const folder = (name: string): TarSpec => ({ name: `${name}/` });

/** Layers that can be used: whatever tools write, and what Config Sync reads of it. */
export const HONEST: readonly ArchiveCase[] = [
  { name: 'a file', layers: also(), expected: 'ok' },
  {
    name: 'a file in a folder, with ./ before it',
    layers: one(folder('.'), folder('./b'), yamlAt('./b/a.yml')),
    expected: 'ok',
  },
  { name: 'gzip', layers: [gzipSync(tarOf(yamlAt('a.json')))], expected: 'ok' },
  { name: 'zstd', layers: [ZSTD], expected: 'ok' },
  {
    name: 'gzip of two members',
    layers: [Buffer.concat([gzipSync(entryOf(yamlAt('a.yaml'))), gzipSync(END)])],
    expected: 'ok',
  },
  {
    name: 'zstd of many frames, and one to be skipped',
    layers: [
      Buffer.concat([
        zstdCompressSync(entryOf(yamlAt('a.yaml'))),
        Buffer.from('502a4d180400000061626364', 'hex'),
        ...Array.from({ length: 200 }, (_, at) => zstdCompressSync(entryOf(yamlAt(`b${at}.yaml`)))),
        zstdCompressSync(END),
      ]),
    ],
    expected: 'ok',
  },
  {
    name: 'an archive padded to records of 10 KiB',
    layers: [Buffer.concat([tarOf(yamlAt('a.yaml')), Buffer.alloc(8192)])],
    expected: 'ok',
  },
  { name: 'an empty layer above', layers: [tarOf(yamlAt('a.yaml')), END], expected: 'ok' },
  { name: 'GNU format', layers: one({ ...yamlAt('a.yaml'), magic: GNU }), expected: 'ok' },
  {
    name: 'a long name by GNU',
    layers: one(longOf('L', `${LONG}a.yaml`), yamlAt('cut')),
    expected: 'ok',
  },
  {
    name: 'a long name by POSIX',
    layers: one(paxOf({ path: `${LONG}a.yaml`, mtime: '1.5' }), yamlAt('cut')),
    expected: 'ok',
  },
  {
    name: 'a long name by a prefix',
    layers: one({ ...yamlAt('a.yaml'), prefix: 'b/c' }),
    expected: 'ok',
  },
  {
    name: 'a size by POSIX',
    layers: one(paxOf({ size: `${CONFIG_MAP.length}` }), { ...yamlAt('a.yaml'), size: 0 }),
    expected: 'ok',
  },
  {
    name: 'a size in base 256',
    layers: one({
      ...yamlAt('a.yaml'),
      size: Buffer.from([0x80, ...Array<number>(10).fill(0), CONFIG_MAP.length]),
    }),
    expected: 'ok',
  },
  {
    name: 'file types in modes, as Docker wrote them',
    layers: one({ ...yamlAt('a.yaml'), mode: '0100644' }, { ...folder('b'), mode: '0040755' }),
    expected: 'ok',
  },
  {
    name: 'the global header of git archive',
    layers: one({ ...paxOf({ comment: 'abc' }, 'g'), name: 'pax_global_header' }, yamlAt('a.yaml')),
    expected: 'ok',
  },
  {
    name: 'labels of SELinux and capabilities',
    layers: one(
      paxOf({ 'SCHILY.xattr.security.selinux': Buffer.from([0xff, 0]) }),
      yamlAt('a.yaml'),
    ),
    expected: 'ok',
  },
  {
    name: 'names in other scripts and in two cases',
    layers: one(yamlAt('конфиг.yaml'), yamlAt('A.yaml'), yamlAt('a.yaml')),
    expected: 'ok',
  },
  {
    name: 'a folder twice',
    layers: also(folder('b'), folder('b'), yamlAt('b/c.yaml')),
    expected: 'ok',
  },
  { name: 'a link within a folder', layers: also(link('b.yaml', 'a.yaml')), expected: 'ok' },
  {
    name: 'a link up and down again',
    layers: also(folder('b'), folder('c'), link('b/l', '../c')),
    expected: 'ok',
  },
  { name: 'a link to nothing', layers: also(link('b', 'c/d')), expected: 'ok' },
  {
    name: 'a hard link within its folder',
    layers: also(link('b.yaml', 'a.yaml', '1')),
    expected: 'ok',
  },
  {
    name: 'a file of the layer below again',
    layers: [tarOf(yamlAt('a.yaml')), tarOf(yamlAt('a.yaml'))],
    expected: 'ok',
  },
  {
    name: 'a folder made a file by the layer above',
    layers: [
      tarOf(folder('a'), yamlAt('a/b.yaml')),
      tarOf({ name: 'a', content: 'x' }, yamlAt('c.yaml')),
    ],
    expected: 'ok',
  },
  {
    name: 'a whiteout',
    layers: [tarOf(yamlAt('a.yaml'), yamlAt('b.yaml')), tarOf({ name: '.wh.a.yaml' })],
    expected: 'ok',
  },
  {
    name: 'an opaque folder that hides nothing',
    layers: [
      tarOf(yamlAt('a.yaml')),
      tarOf(folder('b'), { name: 'b/.wh..wh..opq' }, yamlAt('b/c.yaml')),
    ],
    expected: 'ok',
  },
  {
    name: 'a folder that an RSync takes',
    layers: one(folder('b'), yamlAt('b/c.yaml')),
    taken: { type: 'oci', dir: 'b' },
    expected: 'ok',
  },
  {
    name: 'a folder by a link',
    layers: one(folder('b'), yamlAt('b/c.yaml'), link('prod', 'b')),
    taken: { type: 'oci', dir: 'prod' },
    expected: 'ok',
  },
  {
    name: 'a file by a link alone',
    layers: one(folder('b'), yamlAt('b/c.yaml'), folder('d'), link('d/x', '../b/c.yaml')),
    taken: { type: 'oci', dir: 'd' },
    expected: 'ok',
  },
  {
    name: 'a Kustomization',
    layers: one({ name: 'Kustomization', content: 'resources: []' }),
    expected: 'ok',
  },
  { name: 'empty, and that is meant', layers: [END], rule: { empty: 'allow' }, expected: 'ok' },
  {
    name: 'a chart',
    layers: [gzipSync(tarOf(yamlAt('web/Chart.yaml'), yamlAt('web/templates/a.yaml')))],
    type: 'helm',
    taken: { type: 'helm' },
    expected: 'ok',
  },
];

/** Layers that are none, or none that every reader takes alike. */
const NOT_TAR: readonly (readonly [string, readonly Buffer[]])[] = [
  ['a YAML file', [Buffer.from(CONFIG_MAP)]],
  ['a YAML file of a kilobyte', [Buffer.from(CONFIG_MAP.repeat(20))]],
  ['nothing', [Buffer.alloc(0)]],
  ['one empty block', [Buffer.alloc(512)]],
  ['compressed text', [gzipSync(CONFIG_MAP)]],
  ['a zip file', [Buffer.from('504b0304140000000000', 'hex')]],
  ['a broken gzip stream', [gzipSync(tarOf(yamlAt('a.yaml'))).subarray(0, -9)]],
  [
    'a gzip stream with a wrong checksum',
    [Buffer.concat([gzipSync(tarOf(yamlAt('a.yaml'))).subarray(0, -8), Buffer.alloc(8)])],
  ],
  ['a broken zstd stream', [ZSTD.subarray(0, -4)]],
  ['a gzip stream in another', [gzipSync(gzipSync(tarOf(yamlAt('a.yaml'))))]],
  [
    'text behind a gzip stream',
    [Buffer.concat([gzipSync(tarOf(yamlAt('a.yaml'))), Buffer.from('more')])],
  ],
  [
    'zeros behind a gzip stream',
    [Buffer.concat([gzipSync(tarOf(yamlAt('a.yaml'))), Buffer.alloc(64)])],
  ],
  ['text behind a zstd stream', [Buffer.concat([ZSTD, Buffer.from('more')])]],
  ['an archive cut in a header', [tarOf(yamlAt('a.yaml')).subarray(0, 300)]],
  ['an archive cut in a file', [tarOf(yamlAt('a.yaml')).subarray(0, 520)]],
  ['an archive cut between entries', [entryOf(yamlAt('a.yaml'))]],
  ['an archive with half an end', [Buffer.concat([entryOf(yamlAt('a.yaml')), Buffer.alloc(512)])]],
  [
    'an archive behind the first',
    [Buffer.concat([tarOf(yamlAt('a.yaml')), tarOf(yamlAt('b.yaml'))])],
  ],
  ['text behind the end', [Buffer.concat([tarOf(yamlAt('a.yaml')), Buffer.from('more')])]],
  [
    'an entry behind one empty block',
    [Buffer.concat([Buffer.alloc(512), tarOf(yamlAt('a.yaml'))])],
  ],
  ['a wrong checksum', also({ ...yamlAt('b.yaml'), checksumOff: 1 })],
  ['the format of Unix V7', also({ ...yamlAt('b.yaml'), magic: '\0\0\0\0\0\0\0\0' })],
  ['the format of star', also({ ...yamlAt('b.yaml'), raw: [[508, 'tar\0']] })],
  [
    'GNU times that are a prefix',
    also({ ...yamlAt('b.yaml'), magic: GNU, raw: [[345, 'prefix']] }),
  ],
  ['a size that is no number', also({ ...yamlAt('b.yaml'), size: Buffer.from('0000000009z\0') })],
  ['a size with a sign', also({ ...yamlAt('b.yaml'), size: Buffer.from('-0000000001\0') })],
  ['a negative size in base 256', also({ ...yamlAt('b.yaml'), size: Buffer.alloc(12, 0xff) })],
  [
    'a size beyond every number',
    also({ ...yamlAt('b.yaml'), size: Buffer.from([0x80, ...Array<number>(11).fill(0xff)]) }),
  ],
  ['a size beyond the archive', also({ ...yamlAt('b.yaml'), size: 1_000_000 })],
  [
    'a device number that cannot be written again',
    also({ ...yamlAt('b.yaml'), raw: [[329, '77777777']] }),
  ],
  ['a POSIX record that is cut', also(paxOf(['9 path=b']), yamlAt('b.yaml'))],
  ['a POSIX record with a wrong length', also(paxOf(['7 path=b\n']), yamlAt('b.yaml'))],
  ['a POSIX record without a key', also(paxOf(['5 =b\n']), yamlAt('b.yaml'))],
  ['a POSIX size that is no number', also(paxOf({ size: '0x10' }), yamlAt('b.yaml'))],
  [
    'an extended header at the end',
    [Buffer.concat([entryOf(yamlAt('a.yaml')), entryOf(paxOf({ path: 'b' })), END])],
  ],
  ['an empty long name', also(longOf('L', ''), yamlAt('b.yaml'))],
  [
    'an extended header before a global one',
    also(paxOf({ path: 'b' }), paxOf({ comment: 'c' }, 'g'), yamlAt('b.yaml')),
  ],
];

/** Entries that leave their folder, are no files, or are one thing for Config Sync and another for others. */
const UNSAFE: readonly (readonly [string, readonly Buffer[]])[] = [
  ['..', also(yamlAt('../b.yaml'))],
  ['.. deep in a path', also(yamlAt('b/c/../../../d.yaml'))],
  ['.. that stays inside', also(yamlAt('b/../c.yaml'))],
  ['.. at the end', also({ name: 'b/..', type: '5' })],
  ['an absolute path', also(yamlAt('/b.yaml'))],
  ['an absolute folder', also({ name: '/' })],
  ['.. by a POSIX path', also(paxOf({ path: '../b.yaml' }), yamlAt('b.yaml'))],
  ['.. by a GNU name', also(longOf('L', '../b.yaml'), yamlAt('b.yaml'))],
  ['.. by a prefix', also({ ...yamlAt('b.yaml'), prefix: '..' })],
  ['.. by a global header', also({ ...paxOf({ comment: 'c' }, 'g'), name: '../b' })],
  ['a path for all by a global header', also(paxOf({ path: 'b' }, 'g'), yamlAt('c.yaml'))],
  [
    '.. in a layer that another hides',
    [tarOf(yamlAt('../b.yaml')), tarOf(yamlAt('a.yaml'), { name: '.wh...' })],
  ],
  [
    '.. below a whiteout of its folder',
    [tarOf(folder('b'), yamlAt('b/../../c.yaml')), tarOf(yamlAt('a.yaml'), { name: '.wh.b' })],
  ],
  ['a link out', also(link('b', '../c'))],
  ['a link out of a folder', also(folder('b'), link('b/c', '../../d'))],
  ['a link out and back', also(link('b', '../configs/a.yaml'))],
  ['an absolute link', also(link('sh', '/bin/busybox'))],
  ['a link out by a POSIX target', also(paxOf({ linkpath: '../c' }), link('b', 'a.yaml'))],
  ['a link out by a GNU target', also(longOf('K', '../c'), link('b', 'a.yaml'))],
  [
    'a chain of links out',
    also(folder('b'), folder('b/c'), link('d', 'b/c'), link('e', 'd/../../..')),
  ],
  [
    'a link out by what the layer below has',
    [tarOf(folder('b'), link('b/up', '..')), tarOf(yamlAt('a.yaml'), link('c', 'b/up/..'))],
  ],
  ['links in circles', also(link('b', 'c'), link('c', 'b'))],
  ['a link to itself', also(link('b', 'b/x'))],
  ['a hard link out', also(link('b', '../etc/passwd', '1'))],
  ['an absolute hard link', also(link('b', '/etc/passwd', '1'))],
  [
    'a hard link out for those who count from the root',
    also(folder('b'), folder('b/c'), link('b/c/d', '../a.yaml', '1')),
  ],
  ['a file with a target', also({ ...yamlAt('b.yaml'), target: '/etc/passwd' })],
  ['a folder with a target', also({ ...folder('b'), target: '/etc' })],
  ['a link without a target', also(link('b', ''))],
  ['a link with content', also({ ...link('b', 'a.yaml'), content: 'x'.repeat(512) })],
  ['a folder with content', also({ ...folder('b'), content: 'x'.repeat(512) })],
  ['a folder with a size by POSIX', also(paxOf({ size: '512' }), folder('b'))],
  ['a path below a link', also(link('b', '.'), yamlAt('b/c.yaml'))],
  ['a path below a link, written first', also(yamlAt('b/c.yaml'), link('b', '.'))],
  ['a path below a hard link', also(link('b', 'a.yaml', '1'), yamlAt('b/c.yaml'))],
  ['a path below a file', also({ name: 'b', content: 'x' }, yamlAt('b/c.yaml'))],
  [
    'a link over a folder that the layer above fills',
    [tarOf(yamlAt('a.yaml'), link('b', '.')), tarOf(yamlAt('b/c.yaml'))],
  ],
  ['a character device', also({ name: 'b', type: '3' })],
  ['a block device', also({ name: 'b', type: '4' })],
  ['a pipe', also({ name: 'b', type: '6' })],
  ['a contiguous file', also({ name: 'b', type: '7' })],
  ['a sparse file by GNU', also({ name: 'b', type: 'S', magic: GNU })],
  [
    'a sparse file by POSIX',
    also(
      paxOf({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': '../b' }),
      yamlAt('b.yaml'),
    ),
  ],
  ['an unknown type', also({ name: 'b', type: 'Z' })],
  ['a file with the mode of a folder', also({ ...yamlAt('b.yaml'), mode: '0040755' })],
  ['a file with the mode of a link', also({ ...yamlAt('b.yaml'), mode: '0120777' })],
  ['a mode beyond every mode', also({ ...yamlAt('b.yaml'), mode: '7777777' })],
  ['a file named as a folder', also({ name: 'b/', type: '0' })],
  ['a file of V7 named as a folder', also({ name: 'b/', type: '\0' })],
  ['a file that is the root', also({ name: '.', type: '0' })],
  ['an empty name', also({ name: '', type: '0' })],
  ['a file twice', also(yamlAt('a.yaml'))],
  ['a file twice under two names', also(yamlAt('./a.yaml'))],
  ['a folder, then a file', also(folder('b'), { name: 'b', content: 'x' })],
  ['a file, then a folder', also({ name: 'b', content: 'x' }, folder('b'))],
  ['a whiteout and its file in one layer', also({ name: '.wh.b.yaml' }, yamlAt('b.yaml'))],
  ['a whiteout of everything', also({ name: '.wh..' })],
  ['a whiteout of nothing', also({ name: 'b/.wh.' })],
  ['a whiteout of the folder above', also({ name: 'b/.wh...' })],
  ['a link that is a whiteout', also(link('.wh.b', 'a.yaml'))],
  [
    'an opaque folder over something',
    [
      tarOf(folder('b'), yamlAt('b/c.yaml')),
      tarOf(yamlAt('a.yaml'), folder('b'), { name: 'b/.wh..wh..opq' }),
    ],
  ],
  ['a name that is no UTF-8', also({ name: Buffer.from([0x62, 0xff]) })],
  [
    'a POSIX path that is no UTF-8',
    also(paxOf({ path: Buffer.from([0x62, 0xff]) }), yamlAt('b.yaml')),
  ],
  ['a NUL in a POSIX path', also(paxOf({ path: 'b\0../c' }), yamlAt('b.yaml'))],
  [
    'two POSIX paths',
    also(
      {
        name: 'x',
        type: 'x',
        content: Buffer.concat([
          paxRecord('path', Buffer.from('b')),
          paxRecord('path', Buffer.from('c')),
        ]),
      },
      yamlAt('d'),
    ),
  ],
  ['two POSIX headers', also(paxOf({ path: 'b' }), paxOf({ path: 'c' }), yamlAt('d'))],
  ['two GNU names', also(longOf('L', 'b'), longOf('L', 'c'), yamlAt('d'))],
  ['names by both', also(paxOf({ path: 'b' }), longOf('L', 'c'), yamlAt('d'))],
  [
    'names by both, the other way round',
    also(longOf('L', 'c'), paxOf({ mtime: '1' }), yamlAt('d')),
  ],
  ['a POSIX path of nothing', also(paxOf({ path: '' }), yamlAt('b'))],
  ['a POSIX time that is none', also(paxOf({ mtime: 'now' }), yamlAt('b'))],
];

/** Layers that leave nothing to apply. */
const EMPTY: readonly (readonly [string, readonly Buffer[], Taken?])[] = [
  ['no entry', [END]],
  ['a folder', one(folder('b'))],
  [
    'files that are not read',
    one(
      { name: 'README.md', content: 'x' },
      { name: 'a.YAML', content: CONFIG_MAP },
      { name: 'yaml', content: CONFIG_MAP },
      yamlAt('.yaml.bak'),
    ),
  ],
  ['an empty file', one({ name: 'a.yaml' }, { name: 'b.json' })],
  ['comments', one({ name: 'a.yaml', content: '# nothing\n---\n  # here\n--- # either\n\n' })],
  [
    'files of Git alone',
    one(folder('.git'), yamlAt('.git/a.yaml'), folder('.github'), yamlAt('.github/b.yaml')),
  ],
  ['what a whiteout hides', [tarOf(folder('b'), yamlAt('b/c.yaml')), tarOf({ name: '.wh.b' })]],
  [
    'what a file hides',
    [tarOf(folder('b'), yamlAt('b/c.yaml')), tarOf({ name: 'b', content: 'x' })],
  ],
  ['a link to nothing', one(link('a.yaml', 'b.yaml'))],
  ['another folder', one(folder('b'), yamlAt('b/c.yaml')), { type: 'oci', dir: 'd' }],
  ['a folder beside it', one(folder('b'), yamlAt('b/c.yaml')), { type: 'oci', dir: 'b/c' }],
];

const BOMB = Buffer.concat([entryOf({ name: 'b', content: Buffer.alloc(3 * 1024 * 1024) }), END]);
const SMALL = { maxUnpackedBytes: 1024 * 1024 };
const TOO_LARGE: readonly (readonly [string, readonly Buffer[], Partial<ContentRule>])[] = [
  ['a gzip bomb', [gzipSync(BOMB)], SMALL],
  ['a zstd bomb', [zstdCompressSync(BOMB)], SMALL],
  [
    'a bomb of many layers',
    Array.from({ length: 5 }, (_, at) =>
      gzipSync(tarOf({ name: `b${at}`, content: Buffer.alloc(300_000) })),
    ),
    SMALL,
  ],
  ['a file that is bare', [BOMB], { maxBytes: 1024 * 1024 }],
  [
    'many entries',
    one(...Array.from({ length: 101 }, (_, at) => ({ name: `${at}` }))),
    { maxEntries: 100 },
  ],
  [
    'many folders that paths imply',
    one(...Array.from({ length: 40 }, (_, at) => ({ name: `${at}/b/c/d` }))),
    { maxEntries: 100 },
  ],
  ['a deep path', one(longOf('L', 'd/'.repeat(65)), { name: 'b/' }), {}],
  ['a long path', one(paxOf({ path: 'b'.repeat(1025) }), yamlAt('b')), {}],
  ['a long target', one(paxOf({ linkpath: 'b'.repeat(1025) }), link('b', 'c')), {}],
  ['a long extended header', one(paxOf({ comment: 'c'.repeat(70_000) }), yamlAt('b')), {}],
];

const chart = (...entries: readonly TarSpec[]): readonly Buffer[] => [gzipSync(tarOf(...entries))];
const CHARTS: readonly (readonly [string, readonly Buffer[], string])[] = [
  ['a chart that is not compressed', [tarOf(yamlAt('web/Chart.yaml'))], 'layer-not-tar'],
  ['a chart as zstd', [zstdCompressSync(tarOf(yamlAt('web/Chart.yaml')))], 'layer-not-tar'],
  ['a chart without Chart.yaml', chart(yamlAt('web/values.yaml')), 'empty-source'],
  ['a chart with an empty Chart.yaml', chart({ name: 'web/Chart.yaml' }), 'empty-source'],
  ['Chart.yaml outside of its folder', chart(yamlAt('Chart.yaml')), 'unsafe-entry'],
  ['a second folder', chart(yamlAt('web/Chart.yaml'), yamlAt('other/values.yaml')), 'unsafe-entry'],
  ['a file beside the folder', chart(yamlAt('web/Chart.yaml'), yamlAt('a.yaml')), 'unsafe-entry'],
  ['.. in a chart', chart(yamlAt('web/Chart.yaml'), yamlAt('web/../../a.yaml')), 'unsafe-entry'],
  [
    'a path of Windows',
    chart(yamlAt('web/Chart.yaml'), yamlAt('web\\..\\..\\a.yaml')),
    'unsafe-entry',
  ],
  [
    'a link out of a chart',
    chart(yamlAt('web/Chart.yaml'), link('web/values.yaml', '/etc/passwd')),
    'unsafe-entry',
  ],
];

const MIXED: readonly ArchiveCase[] = [
  {
    name: 'a chart taken for an image',
    layers: chart(yamlAt('web/Chart.yaml')),
    type: 'helm',
    taken: { type: 'oci', dir: '.' },
    expected: 'not-an-image',
  },
  {
    name: 'an image taken for a chart',
    layers: also(),
    taken: { type: 'helm' },
    expected: 'not-an-image',
  },
  {
    name: 'a folder that leads out',
    layers: also(),
    taken: { type: 'oci', dir: '../b' },
    rule: { empty: 'allow' },
    expected: 'unsafe-entry',
  },
];

/** Layers that must not be approved, and why. */
export const HOSTILE: readonly ArchiveCase[] = [
  ...NOT_TAR.map(([name, layers]) => ({ name, layers, expected: 'layer-not-tar' })),
  ...UNSAFE.map(([name, layers]) => ({ name, layers, expected: 'unsafe-entry' })),
  ...EMPTY.map(([name, layers, taken]) => ({
    name,
    layers,
    expected: 'empty-source',
    ...(taken === undefined ? {} : { taken }),
  })),
  ...TOO_LARGE.map(([name, layers, rule]) => ({ name, layers, rule, expected: 'too-large' })),
  ...CHARTS.map(([name, layers, expected]) => ({
    name,
    layers,
    expected,
    type: 'helm' as const,
    taken: { type: 'helm' } as const,
  })),
  ...MIXED,
];
