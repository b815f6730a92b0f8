import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { UNPACKED_LIMIT } from './limits.ts';
import { readTar } from './read-tar.ts';

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const WHITEOUT = '.wh.';
const options = { maxOutputLength: UNPACKED_LIMIT };

/** A layer's archive, plain or as the bytes say compressed: its media type is not asked. */
export async function decompress(layer: Buffer): Promise<Buffer> {
  if (layer.subarray(0, GZIP.length).equals(GZIP)) return promisify(gunzip)(layer, options);
  if (layer.subarray(0, ZSTD.length).equals(ZSTD)) return promisify(zstdDecompress)(layer, options);
  return layer;
}

/** What a path of the flattened layers is: a file has content. */
export interface Unpacked {
  readonly path: string;
  readonly content?: Buffer;
}

/**
 * The files and directories of flattened layers, lowest first: from the top down, a path counts once, and a whiteout
 * hides what lies below it. oci-sync makes no parents: a nested file needs its directory's entry before it
 * (facts/config-sync.md section 3). Throws as extracting would fail.
 */
export async function unpackLayers(layers: readonly Buffer[]): Promise<Unpacked[]> {
  const seen = new Map<string, 'directory' | 'whiteout' | Buffer>();
  for (const layer of layers.toReversed()) {
    for (const { path, directory, content } of readTar(await decompress(layer))) {
      if (path === '') continue;
      const { parent, base } = splitPath(path);
      if (base.startsWith(WHITEOUT)) {
        hide(seen, parent, base.slice(WHITEOUT.length));
        continue;
      }
      if (seen.has(path) || isHidden(seen, parent)) continue;
      if (!directory && parent !== '' && seen.get(parent) !== 'directory') {
        throw new Error(`open ${path}: no such file or directory`);
      }
      seen.set(path, directory ? 'directory' : content);
    }
  }
  return [...seen].flatMap(([path, found]) => {
    if (found === 'whiteout') return [];
    return found === 'directory' ? [{ path }] : [{ path, content: found }];
  });
}

function hide(
  seen: Map<string, 'directory' | 'whiteout' | Buffer>,
  parent: string,
  base: string,
): void {
  const path = parent === '' ? base : `${parent}/${base}`;
  if (!seen.has(path)) seen.set(path, 'whiteout');
}

function isHidden(
  seen: ReadonlyMap<string, 'directory' | 'whiteout' | Buffer>,
  parent: string,
): boolean {
  if (parent === '') return false;
  return seen.get(parent) === 'whiteout' || isHidden(seen, splitPath(parent).parent);
}

function splitPath(path: string): { parent: string; base: string } {
  const slash = path.lastIndexOf('/');
  return { parent: path.slice(0, Math.max(slash, 0)), base: path.slice(slash + 1) };
}
