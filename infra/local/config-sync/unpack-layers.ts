import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { UNPACKED_LIMIT } from './limits.ts';
import { BrokenTar, readTar, type TarEntry } from './read-tar.ts';

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const WHITEOUT = '.wh.';
const options = { maxOutputLength: UNPACKED_LIMIT };

/** What each path is, from the top layer down. */
type Seen = Map<string, 'directory' | 'whiteout' | Buffer>;

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
 * (docs/config-sync.md). Where a layer is no archive, or breaks off before an entry, everything from there
 * on is missing and nothing says so, not even an error: a single such layer is an empty source. Throws as extracting
 * would fail: a missing parent, a layer that breaks off in a file.
 */
export async function unpackLayers(layers: readonly Buffer[]): Promise<Unpacked[]> {
  const seen: Seen = new Map();
  for (const layer of layers.toReversed()) {
    const archive = await decompress(layer).catch(() => undefined);
    if (archive === undefined || !addLayer(seen, archive)) break;
  }
  return [...seen].flatMap(([path, found]) => {
    if (found === 'whiteout') return [];
    return found === 'directory' ? [{ path }] : [{ path, content: found }];
  });
}

/** Whether the layer was an archive to its end. */
function addLayer(seen: Seen, archive: Buffer): boolean {
  try {
    for (const entry of readTar(archive)) addEntry(seen, entry);
    return true;
  } catch (error) {
    if (error instanceof BrokenTar && !error.inContent) return false;
    throw error;
  }
}

function addEntry(seen: Seen, { path, directory, content }: TarEntry): void {
  if (path === '') return;
  const { parent, base } = splitPath(path);
  if (base.startsWith(WHITEOUT)) {
    hide(seen, parent, base.slice(WHITEOUT.length));
    return;
  }
  if (seen.has(path) || isHidden(seen, parent)) return;
  if (!directory && parent !== '' && seen.get(parent) !== 'directory') {
    throw new Error(`open ${path}: no such file or directory`);
  }
  seen.set(path, directory ? 'directory' : content);
}

function hide(seen: Seen, parent: string, base: string): void {
  const path = parent === '' ? base : `${parent}/${base}`;
  if (!seen.has(path)) seen.set(path, 'whiteout');
}

function isHidden(seen: Seen, parent: string): boolean {
  if (parent === '') return false;
  return seen.get(parent) === 'whiteout' || isHidden(seen, splitPath(parent).parent);
}

function splitPath(path: string): { parent: string; base: string } {
  const slash = path.lastIndexOf('/');
  return { parent: path.slice(0, Math.max(slash, 0)), base: path.slice(slash + 1) };
}
