import { posix } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';

const UNPACKED_LIMIT = 256 * 1024 * 1024;

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
interface Unpacked {
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
  const parent = posix.dirname(path);
  const base = posix.basename(path);
  if (base.startsWith(WHITEOUT)) {
    const hidden = posix.join(parent, base.slice(WHITEOUT.length));
    if (!seen.has(hidden)) seen.set(hidden, 'whiteout');
    return;
  }
  if (seen.has(path) || isHidden(seen, parent)) return;
  if (!directory && parent !== '.' && seen.get(parent) !== 'directory') {
    throw new Error(`open ${path}: no such file or directory`);
  }
  seen.set(path, directory ? 'directory' : content);
}

function isHidden(seen: Seen, folder: string): boolean {
  if (folder === '.') return false;
  return seen.get(folder) === 'whiteout' || isHidden(seen, posix.dirname(folder));
}

const BLOCK = 512;

interface TarEntry {
  /** Relative, without `./` before and `/` behind. */
  readonly path: string;
  readonly directory: boolean;
  readonly content: Buffer;
}

/** Bytes that are no archive, or one only up to some place. */
class BrokenTar extends Error {
  override readonly name = 'BrokenTar';
  /** Whether it breaks off in the content of an entry, and not before one. */
  readonly inContent: boolean;

  constructor(message: string, inContent = false) {
    super(message);
    this.inContent = inContent;
  }
}

/**
 * The entries of a tar archive (POSIX.1-2001 pax and GNU's long names), one after another: what it holds and where.
 * Throws `BrokenTar` where the bytes are no archive any more, as Go's reader does.
 */
export function* readTar(bytes: Buffer): Generator<TarEntry> {
  let longPath: string | undefined;
  let at = 0;
  while (at < bytes.length) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw new BrokenTar('unexpected EOF');
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const size = readNumber(header, 124, 12);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new BrokenTar('unexpected EOF', true);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'x') longPath = paxPath(content) ?? longPath;
    else if (type === 'L') longPath = readText(content, 0, content.length);
    else if (type !== 'g' && type !== 'K') {
      yield { ...toEntry(longPath ?? pathOf(header), type), content };
      longPath = undefined;
    }
  }
}

function toEntry(path: string, type: string): Omit<TarEntry, 'content'> {
  const clean = path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  return { path: clean === '.' ? '' : clean, directory: type === '5' || path.endsWith('/') };
}

function pathOf(header: Buffer): string {
  const name = readText(header, 0, 100);
  const isUstar = readText(header, 257, 5) === 'ustar';
  // GNU's own format has other fields where ustar has the prefix.
  const prefix = isUstar && header[262] === 0 ? readText(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxPath(content: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString())?.[1];
}

// The sum takes its own field as spaces.
function checkSum(header: Buffer): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== readNumber(header, 148, 8)) throw new BrokenTar('archive/tar: invalid tar header');
}

function readNumber(header: Buffer, start: number, length: number): number {
  const text = readText(header, start, length).trim();
  if (!/^[0-7]*$/.test(text)) throw new BrokenTar('archive/tar: invalid tar header');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function readText(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** One file that is looked through for RSyncs. Own. */
const MANIFEST_FILE_LIMIT = 1024 * 1024;

const stringMap = z.record(z.string(), z.string());
const declaredSchema = z.looseObject({
  apiVersion: z.string().regex(/^configsync\.gke\.io\/v1(alpha|beta)1$/),
  kind: z.enum(['RootSync', 'RepoSync']),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
  }),
  spec: z.looseObject({}).optional(),
});

export type DeclaredObject = z.infer<typeof declaredSchema>;

/** An RSync that a source declares, and the file that does. */
export interface DeclaredSync {
  readonly path: string;
  readonly object: DeclaredObject;
}

/** What was pulled: the commit that names it, and the paths in it. */
export interface Content {
  readonly commit: string;
  readonly paths: readonly string[];
  /** The RSyncs among its objects; of an image only. */
  readonly declared?: readonly DeclaredSync[];
  /** The text of each file that is Kustomize's, by path. */
  readonly kustomizations?: ReadonlyMap<string, string>;
}

/** Names that Kustomize takes for its file. */
export const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const MANIFEST = /\.(?:yaml|yml|json)$/;

/** What the unpacked layers of an image hold. */
export function readContent(commit: string, unpacked: readonly Unpacked[]): Content {
  const declared = readDeclared(unpacked);
  const kustomizations = unpacked.flatMap(({ path, content }): [string, string][] =>
    content !== undefined && isKustomization(path) ? [[path, content.toString()]] : [],
  );
  return {
    commit,
    paths: unpacked.map(({ path }) => path),
    ...(declared.length === 0 ? {} : { declared }),
    ...(kustomizations.length === 0 ? {} : { kustomizations: new Map(kustomizations) }),
  };
}

/**
 * The RSyncs among the files: a parent declares its children so (docs/facts/config-sync.md#drift). What cannot be read
 * as one is another kind of object, which the local world does not apply.
 */
function readDeclared(files: readonly Unpacked[]): DeclaredSync[] {
  return files.flatMap(({ path, content }) => {
    if (content === undefined || !MANIFEST.test(path)) return [];
    if (content.length > MANIFEST_FILE_LIMIT || !content.includes('configsync.gke.io/')) return [];
    return parseAllDocuments(content.toString()).flatMap((document) => {
      const parsed = declaredSchema.safeParse(document.errors.length > 0 ? null : document.toJS());
      return parsed.success ? [{ path, object: parsed.data }] : [];
    });
  });
}

/** Whether the file is one of Kustomize's. */
export function isKustomization(path: string): boolean {
  return KUSTOMIZATIONS.includes(posix.basename(path));
}
