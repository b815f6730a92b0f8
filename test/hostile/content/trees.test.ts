import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fc } from '#test/fixtures/fast-check.ts';
import { readLayers } from '#test/fixtures/content-world.ts';
import { tarOf, type TarSpec, yamlAt } from '#test/fixtures/tar-builder.ts';

const SEGMENT = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const FOLDERS = fc.uniqueArray(fc.array(SEGMENT, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 8,
  selector: (path) => path.join('/'),
});

/** Entries of a tree as tools write it: each folder before what is in it, a file and a link in each. */
const SAFE: fc.Arbitrary<readonly TarSpec[]> = FOLDERS.map((paths) => {
  const folders = new Set(
    paths.flatMap((path) => path.map((_, depth) => path.slice(0, depth + 1).join('/'))),
  );
  return [...folders]
    .toSorted()
    .flatMap((path) => [
      { name: `${path}/` },
      yamlAt(`${path}/FILE.yaml`),
      { name: `${path}/LINK`, type: '2', target: 'FILE.yaml' },
      { name: `${path}/UP`, type: '2', target: `${'../'.repeat(path.split('/').length)}.` },
    ]);
});

const UP = fc.integer({ min: 1, max: 9 }).map((count) => '../'.repeat(count));
const UNSAFE: fc.Arbitrary<TarSpec> = fc.oneof(
  fc.tuple(fc.constantFrom('', './', 'a/'), UP, SEGMENT).map((parts) => yamlAt(parts.join(''))),
  SEGMENT.map((name) => yamlAt(`/${name}`)),
  fc.tuple(SEGMENT, UP).map(([name, up]) => ({ name: `L${name}`, type: '2', target: `${up}x` })),
  fc
    .tuple(SEGMENT, fc.constantFrom('1', '2'))
    .map(([name, type]) => ({ name: `L${name}`, type, target: '/etc' })),
  fc
    .tuple(SEGMENT, fc.constantFrom('3', '4', '6', '7', 'S', 'D', 'V'))
    .map(([name, type]) => ({ name: `L${name}`, type })),
  SEGMENT.map((name) => ({ name: `L${name}`, type: '2', target: `L${name}` })),
);

describe('random trees', () => {
  it('of safe entries can be used, plain or compressed, in one layer or two', async () => {
    await fc.assert(
      fc.asyncProperty(SAFE, fc.boolean(), async (entries, twice) => {
        const layer = tarOf(...entries);
        const layers = twice ? [gzipSync(layer), layer] : [gzipSync(layer)];
        expect(await readLayers(layers)).toBe('ok');
      }),
    );
  });

  it('with one unsafe entry anywhere, in any layer, are refused', async () => {
    const place = fc.nat();
    await fc.assert(
      fc.asyncProperty(SAFE, UNSAFE, place, fc.boolean(), async (entries, bad, at, below) => {
        const mixed = entries.toSpliced(at % (entries.length + 1), 0, bad);
        const layers = below ? [tarOf(...mixed), tarOf(...entries)] : [tarOf(...mixed)];
        expect(await readLayers(layers)).toBe('unsafe-entry');
      }),
    );
  });

  it('cut anywhere are no archive', async () => {
    await fc.assert(
      fc.asyncProperty(SAFE, fc.nat(), async (entries, at) => {
        const layer = tarOf(...entries);
        expect(await readLayers([layer.subarray(0, at % layer.length)])).toBe('layer-not-tar');
      }),
    );
  });
});
