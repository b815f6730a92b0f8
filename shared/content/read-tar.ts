import { ContentProblem, notTar, quote, unsafe } from './problem.ts';
import {
  BLOCK_BYTES,
  type Pax,
  readHeader,
  readName,
  readPax,
  type TarHeader,
  untilNul,
} from './tar-header.ts';

interface ByteReader {
  readonly take: (length: number) => Promise<Uint8Array>;
  readonly pass: (length: number, see?: (piece: Uint8Array) => void) => Promise<number>;
}

/**
 * Makes a reader of exact numbers of bytes from chunks of any size; it never keeps more than one chunk and what is asked
 * for. Throws what `chunks` throws.
 *
 * @example
 * for await (const entry of readTar(createByteReader(chunks))) see(entry);
 */
export function createByteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const source = chunks[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array();
  let ended = false;

  /** A piece of what is there, at most `length` bytes; empty at the end. */
  async function next(length: number): Promise<Uint8Array> {
    while (chunk.length === 0 && !ended) {
      const step = await source.next();
      if (step.done === true) ended = true;
      else chunk = step.value;
    }
    const piece = chunk.subarray(0, length);
    chunk = chunk.subarray(piece.length);
    return piece;
  }

  /** Shows the next `length` bytes piece by piece, and returns how many there were. */
  async function pass(length: number, see?: (piece: Uint8Array) => void): Promise<number> {
    let passed = 0;
    while (passed < length) {
      const piece = await next(length - passed);
      if (piece.length === 0) break;
      see?.(piece);
      passed += piece.length;
    }
    return passed;
  }

  /** The next `length` bytes; fewer at the end of the input, none once it has ended. */
  async function take(length: number): Promise<Uint8Array> {
    const first = await next(length);
    if (first.length === length || first.length === 0) return first;
    const pieces = [first];
    await pass(length - first.length, (piece) => pieces.push(piece));
    return Buffer.concat(pieces);
  }

  return { take, pass };
}

/** One entry of an archive, with what extended headers say of it. */
export interface TarEntry {
  /** As it is written. */
  readonly name: string;
  readonly kind: 'directory' | 'file' | 'symlink' | 'hardlink';
  /** The target of a link, as it is written. */
  readonly target: string;
  /** A file with something in it that Config Sync would read. */
  readonly readable: boolean;
}

/** Of one extended header: paths and times, and security labels beside them. */
const MAX_EXTENDED_BYTES = 64 * 1024;
/** Go's type flags, and stat(2)'s file types for the same in the upper bits of a mode. */
const KINDS: Readonly<Record<string, readonly [TarEntry['kind'], number]>> = {
  '0': ['file', 0o100000],
  '\u0000': ['file', 0o100000],
  '1': ['hardlink', 0o100000],
  '2': ['symlink', 0o120000],
  '5': ['directory', 0o040000],
};
const FILE_TYPE = 0o170000;
const MAX_MODE = 0o177777;

/**
 * The entries of one archive, in their order, its content passed by. Reads what Go's archive/tar reads, for Config Sync
 * takes that for the content, and refuses what it would stop at: Config Sync drops the rest of an archive that it cannot
 * read, and says nothing. After the two empty blocks at the end there may be more of those alone. Throws a
 * ContentProblem, `layer-not-tar` or `unsafe-entry`, and what the input throws.
 */
export async function* readTar(input: ByteReader): AsyncGenerator<TarEntry> {
  for (;;) {
    let header = await nextHeader(input);
    if (header?.type === 'g') {
      yield await readGlobal(input, header);
      continue;
    }
    let said: Pax = {};
    const seen = new Set<string>();
    while (header !== undefined && EXTENDED.has(header.type)) {
      const { type } = header;
      said = { ...said, ...readSaid(type, await readExtended(input, header)) };
      // GNU's two go together; of POSIX's there is one, and no other beside it.
      if (seen.has(type) || seen.has('x') || (type === 'x' && seen.size > 0)) {
        throw new ContentProblem('unsafe-entry', 'has two extended headers for one entry');
      }
      seen.add(type);
      header = await nextHeader(input);
      // Go forgets what it read, and others may not.
      if (header === undefined || header.type === 'g')
        throw notTar('has an extended header of no entry');
    }
    if (header === undefined) return;
    yield await readEntry(input, header, said);
  }
}

const EXTENDED: ReadonlySet<string> = new Set(['x', 'L', 'K']);

/** What an extended header says of the entry after it: POSIX's, or GNU's for one long name each. */
function readSaid(type: string, bytes: Uint8Array): Pax {
  if (type === 'x') return readPax(bytes);
  const name = untilNul(bytes);
  if (name.length === 0) throw notTar('has an extended header that says nothing');
  return type === 'L' ? { path: readName(name) } : { linkPath: readName(name) };
}

/** What `git archive` writes first. Config Sync makes an empty file of it; for other readers it counts for all entries. */
async function readGlobal(input: ByteReader, header: TarHeader): Promise<TarEntry> {
  const said = readPax(await readExtended(input, header));
  if (Object.keys(said).length > 0) {
    throw new ContentProblem('unsafe-entry', 'has a global header that names paths or sizes');
  }
  return { name: readName(header.name), kind: 'file', target: '', readable: false };
}

async function readEntry(input: ByteReader, header: TarHeader, said: Pax): Promise<TarEntry> {
  const name = said.path ?? readName(header.name);
  const target = said.linkPath ?? readName(header.linkName);
  const kind = kindOf(header, name, target);
  const readable = await readBody(input, name, said.size ?? header.size, kind);
  return { name, kind, target, readable };
}

/** Undefined at the end of the archive, behind which there is nothing but empty blocks. */
async function nextHeader(input: ByteReader): Promise<TarHeader | undefined> {
  const block = await input.take(BLOCK_BYTES);
  if (block.length < BLOCK_BYTES) throw notTar(block.length === 0 ? NO_END : CUT);
  if (block.some((byte) => byte !== 0)) return readHeader(block);
  const second = await input.take(BLOCK_BYTES);
  if (second.length < BLOCK_BYTES) throw notTar(NO_END);
  let rest = second.some((byte) => byte !== 0);
  await input.pass(Number.MAX_SAFE_INTEGER, (piece) => {
    rest ||= piece.some((byte) => byte !== 0);
  });
  if (rest) throw notTar('goes on behind the end of its archive');
  return undefined;
}

const CUT = 'is not a tar archive, or is cut short';
const NO_END = 'is a tar archive without its end';

async function readExtended(input: ByteReader, { size }: TarHeader): Promise<Uint8Array> {
  if (size > MAX_EXTENDED_BYTES) {
    throw new ContentProblem('too-large', `has an extended header of ${size} bytes`);
  }
  const bytes = await input.take(size);
  const padding = paddingOf(size);
  if (bytes.length < size || (await input.pass(padding)) < padding) throw notTar(CUT);
  // Of another chunk's memory, which the next read may give back.
  return Uint8Array.from(bytes);
}

/** Passes an entry's content by. Only files have any: a link's size is taken in one way by Go, and otherwise by others. */
async function readBody(
  input: ByteReader,
  name: string,
  size: number,
  kind: TarEntry['kind'],
): Promise<boolean> {
  if (kind !== 'file' && size > 0) throw unsafe(name, 'is not a file, but has content');
  const scan = kind === 'file' ? scanOf(name) : undefined;
  const padding = paddingOf(size);
  const passed = await input.pass(size, scan?.see);
  if (passed < size || (await input.pass(padding)) < padding) throw notTar(CUT);
  return scan?.found() ?? false;
}

/** What Config Sync makes of an entry: by its type, but also by its mode, its target, or a slash at its end. */
function kindOf({ type, mode }: TarHeader, name: string, target: string): TarEntry['kind'] {
  const known = KINDS[type];
  if (known === undefined) throw unsafe(name, `is of type ${quote(type)}: no file, folder or link`);
  const [kind, fileType] = known;
  const said = mode & FILE_TYPE;
  if (mode > MAX_MODE || (said !== 0 && said !== fileType)) {
    throw unsafe(name, 'is of one type, and its mode of another');
  }
  if (kind === 'file' && name.endsWith('/')) throw unsafe(name, 'is a file, and named as a folder');
  const isLink = kind === 'symlink' || kind === 'hardlink';
  if (isLink && target === '') throw unsafe(name, 'is a link that leads nowhere');
  if (!isLink && target !== '') throw unsafe(name, 'is not a link, but has a target');
  return kind;
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Sees a file's bytes piece by piece, and says in the end whether Config Sync would find an object to read in it. */
interface Scan {
  readonly see: (piece: Uint8Array) => void;
  readonly found: () => boolean;
}

const NEWLINE = 0x0a;
const HASH = 0x23;
const DASH = 0x2d;
const MARKER_DASHES = 3;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0b, 0x0c, 0x0d]);

/**
 * A scan of the file of that name; undefined where Config Sync does not read it. It reads `.yaml`, `.yml` and `.json`,
 * and nothing of a file in which every YAML document is blank or comments; `Kustomization` makes it render the folder.
 */
function scanOf(name: string): Scan | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const extension = base.slice(base.lastIndexOf('.') + 1);
  if (extension === base) return base === 'Kustomization' ? scanYaml() : undefined;
  if (extension === 'json') return scanAny();
  return extension === 'yaml' || extension === 'yml' ? scanYaml() : undefined;
}

function scanAny(): Scan {
  let any = false;
  return {
    see(piece) {
      any ||= piece.length > 0;
    },
    found: () => any,
  };
}

function scanYaml(): Scan {
  let found = false;
  /** In a line so far: its leading dashes, the white space after them, or a comment. */
  let place: 'start' | 'space' | 'comment' = 'start';
  let dashes = 0;

  /** One or two dashes begin no document: they are content. */
  const isCut = (): boolean => place === 'start' && dashes > 0;

  function next(byte: number): void {
    if (byte === NEWLINE) {
      found ||= isCut();
      place = 'start';
      dashes = 0;
    } else if (place === 'start' && byte === DASH) {
      dashes += 1;
      if (dashes === MARKER_DASHES) place = 'space';
    } else if (place !== 'comment') {
      if (isCut()) found = true;
      else if (byte === HASH) place = 'comment';
      else if (SPACES.has(byte)) place = 'space';
      else found = true;
    }
  }

  return {
    see(piece) {
      for (const byte of piece) {
        if (found) return;
        next(byte);
      }
    },
    found: () => found || isCut(),
  };
}
