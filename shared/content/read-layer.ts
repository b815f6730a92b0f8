import { createHash } from 'node:crypto';
import { CountersignError } from '#shared/core/errors.ts';
import type { LayerDescriptor } from '#shared/registry/registry.ts';
import { ContentProblem, notTar } from './problem.ts';
import { createByteReader, readTar, type TarEntry } from './read-tar.ts';
import { Readable } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';

export interface LayerInput {
  readonly layer: LayerDescriptor;
  /** Its bytes as they arrive. */
  readonly chunks: Chunks;
  /** What of an image's bounds is left; it is used up. */
  readonly budget: { bytes: number; unpackedBytes: number };
  /** Helm opens nothing but gzip. */
  readonly gzipOnly: boolean;
}

/**
 * Shows every entry of a layer to `see`. Its bytes are hashed to the end whatever is wrong with them: a registry that
 * lies is `registry-misbehaved`, never a verdict. Throws a ContentProblem, and what `see` and `chunks` throw.
 */
export async function readLayer(input: LayerInput, see: (entry: TarEntry) => void): Promise<void> {
  const { layer, budget } = input;
  const hash = createHash('sha256');
  let size = 0;
  async function* hashed(): Chunks {
    for await (const chunk of input.chunks) {
      size += chunk.length;
      if (size > budget.bytes) throw tooLarge('more bytes');
      hash.update(chunk);
      yield chunk;
    }
  }
  const whole = hashed();
  let problem: ContentProblem | undefined;
  try {
    for await (const entry of entriesOf(keepOpen(whole), input)) see(entry);
  } catch (error) {
    if (!(error instanceof ContentProblem)) throw error;
    problem = error;
  }
  // A bound is met before all is hashed; what is over it is not read.
  if (problem === undefined || size <= budget.bytes) for await (const _ of whole);
  if (size <= budget.bytes && `sha256:${hash.digest('hex')}` !== layer.digest) {
    const message = `Blob ${layer.digest} has other bytes in the registry`;
    throw new CountersignError('registry-misbehaved', message);
  }
  if (problem !== undefined) throw problem;
  budget.bytes -= size;
  if (size !== layer.size) {
    const sizes = `is of ${size} bytes, and the manifest says ${layer.size}`;
    throw new ContentProblem('not-an-image', sizes);
  }
}

async function* entriesOf(
  chunks: Chunks,
  { budget, gzipOnly }: LayerInput,
): AsyncIterable<TarEntry> {
  const { compression, whole } = await peek(chunks);
  if (gzipOnly && compression !== 'gzip') {
    throw notTar('is not a gzip archive, which a chart must be');
  }
  async function* counted(): Chunks {
    for await (const chunk of decompress(whole, compression)) {
      budget.unpackedBytes -= chunk.length;
      if (budget.unpackedBytes < 0) throw tooLarge('more uncompressed bytes');
      yield chunk;
    }
  }
  yield* readTar(createByteReader(counted()));
}

/** The same chunks, which stay open when their reader leaves early: the rest is hashed then. */
function keepOpen(chunks: Chunks): Chunks {
  const source = chunks[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => source.next() }) };
}

function tooLarge(what: string): ContentProblem {
  return new ContentProblem('too-large', `has ${what} than are read`);
}

/** Bytes as they arrive. */
type Chunks = AsyncIterable<Uint8Array>;

type Compression = 'none' | 'gzip' | 'zstd';

/** RFC 1952, section 2.3.1, and RFC 8878, section 3.1.1: what Config Sync's library looks for. */
const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];
const LONGEST_MAGIC = 4;

/** 32 MiB: the largest window that container tools write; Zstandard itself allows 2 TiB. */
const MAX_WINDOW_LOG = 25;
const chunkSize = 64 * 1024;
const ZSTD_OPTIONS = { chunkSize, params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG } };
const WINDOW_TOO_LARGE = 'ZSTD_error_frameParameter_windowTooLarge';

/** The chunks from their start, and what their first bytes say they are compressed with: a media type is a claim. */
async function peek(
  chunks: Chunks,
): Promise<{ readonly compression: Compression; readonly whole: Chunks }> {
  const source = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  while (length < LONGEST_MAGIC) {
    const step = await source.next();
    if (step.done === true) break;
    seen.push(step.value);
    length += step.value.length;
  }
  const start = Buffer.concat(seen);
  const found = MAGIC.find(([, magic]) => magic.every((byte, at) => start[at] === byte));
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (start.length > 0) yield start;
    yield* { [Symbol.asyncIterator]: () => source };
  }
  return { compression: found?.[0] ?? 'none', whole: whole() };
}

/**
 * The uncompressed bytes. One gzip member or Zstandard frame may follow another, as Go's readers have it, and nothing
 * else may: what is neither is `layer-not-tar`. Throws what `chunks` throws, and `too-large` for a window above 32 MiB.
 */
async function* decompress(chunks: Chunks, compression: Compression): Chunks {
  if (compression === 'none') {
    yield* chunks;
    return;
  }
  const source = chunks[Symbol.asyncIterator]();
  let rest = await nextOf(source);
  while (rest !== undefined) {
    const feeder = createFeeder(source, rest);
    const unzip =
      compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress(ZSTD_OPTIONS);
    const input = Readable.from(feeder.feed, { objectMode: false });
    input.on('error', (error) => unzip.destroy(error));
    input.pipe(unzip);
    try {
      for await (const chunk of unzip) yield chunk;
    } catch (error) {
      throw problemOf(error, compression);
    } finally {
      input.destroy();
      unzip.destroy();
      await feeder.feed.return(undefined);
    }
    // The decoder ends with its member; what it has left is the next one's.
    rest = feeder.after(unzip.bytesWritten) ?? (await nextOf(source));
  }
}

/** More than Node's streams read ahead. */
const KEPT_CHUNKS = 64;

/** Feeds a decoder, and remembers what it may have left: `after` so many bytes, undefined where it is nothing. */
function createFeeder(source: AsyncIterator<Uint8Array>, first: Uint8Array) {
  const kept: Uint8Array[] = [];
  let fed = 0;
  async function* feed(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk: Uint8Array | undefined = first; chunk !== undefined; ) {
      fed += chunk.length;
      kept.push(chunk);
      if (kept.length > KEPT_CHUNKS) kept.shift();
      yield chunk;
      chunk = await nextOf(source);
    }
  }
  return {
    feed: feed(),
    after(consumed: number): Uint8Array | undefined {
      return fed === consumed ? undefined : Buffer.concat(kept).subarray(consumed - fed);
    },
  };
}

/** The next chunk that is not empty. */
async function nextOf(source: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const step = await source.next();
    if (step.done === true) return undefined;
    if (step.value.length > 0) return step.value;
  }
}

function problemOf(error: unknown, compression: Compression): unknown {
  if (error instanceof ContentProblem || error instanceof CountersignError) return error;
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === WINDOW_TOO_LARGE) {
    return new ContentProblem('too-large', 'needs a Zstandard window of more than 32 MiB');
  }
  return notTar(`is not a valid ${compression} stream`);
}
