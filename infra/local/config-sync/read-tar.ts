const BLOCK = 512;

export interface TarEntry {
  /** Relative, without `./` before and `/` behind. */
  readonly path: string;
  readonly directory: boolean;
  readonly content: Buffer;
}

/** Bytes that are no archive, or one only up to some place. */
export class BrokenTar extends Error {
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
