import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readLayer } from '#shared/content/read-layer.ts';
import { judgeImage } from '#shared/content/facts.ts';
import { ContentProblem } from '#shared/content/problem.ts';
import { createTreeBuilder } from '#shared/content/tree.ts';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import { digestOf } from '#test/fixtures/content-world.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import {
  CONFIG_MAP,
  END,
  entryOf,
  GNU,
  longOf,
  paxOf,
  tarOf,
  type TarSpec,
} from '#test/fixtures/tar-builder.ts';
import { HONEST, HOSTILE } from '#test/hostile/content/archive-cases.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';

const RUNS = 3_000;
/** Images in one process: its output is read whole, and is bounded. */
const AT_ONCE = 50;

const Results = z.array(
  z.object({
    failed: z.boolean(),
    entries: z.array(
      z.object({
        name: z.base64(),
        kind: z.enum(['directory', 'file', 'link']),
        target: z.base64().nullable(),
      }),
    ),
  }),
);
type Image = readonly Buffer[];

/** What Go, and so Config Sync, takes from each image: `failed` is an archive whose rest is dropped. */
async function readByGo(images: readonly Image[]) {
  const input = JSON.stringify(
    images.map((layers) => layers.map((bytes) => bytes.toString('base64'))),
  );
  const { code, stdout, stderr } = await runProcess({ command: findTool('tar-double'), input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return Results.parse(JSON.parse(stdout)).map(({ failed, entries }) => ({
    failed,
    entries: entries
      .map(({ name, kind, target }) => [textOf(name), kind, textOf(target ?? '')].join(' '))
      .toSorted(),
  }));
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** What we take: undefined where we refuse it. */
async function readByUs(layers: Image): Promise<readonly string[] | undefined> {
  const tree = createTreeBuilder(DEFAULT_CONTENT);
  const { maxBytes: bytes, maxUnpackedBytes: unpackedBytes } = DEFAULT_CONTENT;
  const budget = { bytes, unpackedBytes };
  try {
    for (const [number, archive] of layers.toReversed().entries()) {
      const layer = { digest: digestOf(archive), size: archive.length };
      const chunks = (async function* whole() {
        yield archive;
      })();
      await readLayer({ layer, chunks, budget, gzipOnly: false }, (entry) =>
        tree.add(entry, number),
      );
    }
    judgeImage(tree.nodes);
  } catch (error) {
    if (error instanceof ContentProblem) return undefined;
    throw error;
  }
  return [...tree.nodes]
    .filter(([, node]) => node.kind !== 'whiteout')
    .map(([path, node]) =>
      [path === '.' ? '' : path, node.kind, node.kind === 'link' ? node.target : ''].join(' '),
    )
    .toSorted();
}

/** Reads each image twice, and returns how many of them we take. */
async function compare(images: readonly Image[]): Promise<number> {
  const theirs: Awaited<ReturnType<typeof readByGo>> = [];
  for (let from = 0; from < images.length; from += AT_ONCE) {
    theirs.push(...(await readByGo(images.slice(from, from + AT_ONCE))));
  }
  let taken = 0;
  for (const [at, layers] of images.entries()) {
    const ours = await readByUs(layers);
    if (ours === undefined) continue;
    taken += 1;
    expect({ at, failed: theirs[at]?.failed, entries: theirs[at]?.entries }).toEqual({
      at,
      failed: false,
      entries: ours,
    });
  }
  return taken;
}

function isForGo(layer: Buffer): boolean {
  return layer.readUInt32LE(0) !== 0xfd2fb528;
}

const NAME = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'a/',
    'a/b',
    'a/b.yaml',
    './c',
    'a//b',
    '.wh.a',
    'a/.wh.b',
    'a/.wh..wh..opq',
    '../a',
    '/a',
  ),
  fc.string({ maxLength: 12 }),
);
const FIELD = fc.constantFrom(
  '0000644',
  '0040755',
  '0100644',
  '0120777',
  ' 644 \0',
  '644    ',
  '',
  '9',
);
const SPEC: fc.Arbitrary<TarSpec> = fc.record(
  {
    name: NAME,
    type: fc.constantFrom('0', '\0', '1', '2', '5', '3', '7', 'S', 'g', 'Z'),
    content: fc.constantFrom('', CONFIG_MAP, 'x'.repeat(600)),
    target: fc.constantFrom('', 'a', '../a', 'b/c', '/etc'),
    mode: FIELD,
    magic: fc.constantFrom('ustar\u000000', GNU, 'ustar\u000001', '\0\0\0\0\0\0\0\0'),
    prefix: fc.constantFrom('', 'p', '..', '00000000000'),
    size: fc.constantFrom(
      0,
      512,
      Buffer.from('\x80\0\0\0\0\0\0\0\0\0\0\x01', 'latin1'),
      Buffer.from('    1      \0'),
    ),
  },
  { requiredKeys: ['name'] },
);
const EXTENDED: fc.Arbitrary<TarSpec> = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom(
        'path',
        'linkpath',
        'size',
        'mtime',
        'uid',
        'comment',
        'GNU.sparse.map',
        'GNU.sparse.major',
        'hdrcharset',
      ),
      fc.constantFrom('a', 'b/c', '', '0', '512', '-1', '1.5', '../x', 'é'),
      { maxKeys: 3 },
    )
    .map((records) => paxOf(records)),
  fc
    .dictionary(fc.constantFrom('path', 'comment'), fc.constantFrom('a', ''), { maxKeys: 2 })
    .map((records) => paxOf(records, 'g')),
  fc
    .tuple(fc.constantFrom('L', 'K'), fc.constantFrom('a', 'b/c', '', '../x'))
    .map(([type, text]) => longOf(type, text)),
);
const LAYER: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(fc.oneof({ arbitrary: SPEC, weight: 3 }, { arbitrary: EXTENDED, weight: 1 }), {
      maxLength: 5,
    }),
    fc.constantFrom(
      END,
      END.subarray(512),
      Buffer.alloc(0),
      Buffer.concat([END, END]),
      Buffer.concat([END, Buffer.from('x')]),
    ),
    fc.boolean(),
  )
  .map(([specs, end, packed]) => {
    const bytes = Buffer.concat([...specs.map(entryOf), end]);
    return packed ? gzipSync(bytes) : bytes;
  });

describe('what is read here and by Go', () => {
  it('is the same for every honest archive, or Go has no decoder for it', async () => {
    const images = HONEST.filter(({ layers, type }) => type === undefined && layers.every(isForGo));
    expect(await compare(images.map(({ layers }) => layers))).toBe(images.length);
  });

  it('is the same for every archive that is empty or too large, and the others are refused', async () => {
    const images = HOSTILE.filter(({ layers }) =>
      layers.every((layer) => layer.length < 4 || isForGo(layer)),
    );
    const taken = await compare(
      images.map(({ layers }) => layers.filter((layer) => layer.length >= 4)),
    );
    expect(taken).toBeLessThan(images.length / 4);
  });

  it('is the same for generated archives, or they are refused', async () => {
    const images = fc.sample(fc.array(LAYER, { minLength: 1, maxLength: 3 }), RUNS);
    expect(await compare(images)).toBeGreaterThan(RUNS / 100);
  });

  it('is the same for honest archives with a byte changed, or they are refused', async () => {
    const base = HONEST.filter(({ layers, type }) => type === undefined && layers.every(isForGo));
    const change = fc.tuple(fc.constantFrom(...base), fc.nat(), fc.integer({ min: 0, max: 255 }));
    const images = fc.sample(change, RUNS).map(([{ layers }, at, byte]) =>
      layers.map((layer) => {
        const plain = layer.readUInt16LE(0) === 0x8b1f ? gunzipSync(layer) : Buffer.from(layer);
        // Headers decide; what is in a file need not be read alike.
        const place = at % plain.length;
        plain[place] = byte;
        // A changed name, type or size with a checksum that holds.
        return fixSum(plain, place - (place % 512));
      }),
    );
    expect(await compare(images)).toBeGreaterThan(RUNS / 10);
  });

  it('is the same for what tar and pax tools write of long and odd names', async () => {
    const names = [
      'x'.repeat(99),
      'x'.repeat(100),
      'é'.repeat(49),
      'a b',
      'a\tb',
      'a\\b',
      'ａ',
      '.a',
      'a.',
    ];
    expect(await compare(names.map((name) => [tarOf({ name, content: CONFIG_MAP })]))).toBe(
      names.length,
    );
  });
});

function fixSum(bytes: Buffer, at: number): Buffer {
  const header = bytes.subarray(at, at + 512);
  if (header.every((byte) => byte === 0)) return bytes;
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}
