import { createHash } from 'node:crypto';
import { CountersignError } from '#shared/core/errors.ts';
import type { LayerDescriptor } from '#shared/registry/registry.ts';
import { type Chunks, decompress, peek } from './decompress.ts';
import { ContentProblem, notTar } from './problem.ts';
import { createByteReader, readTar, type TarEntry } from './read-tar.ts';

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
    throw notTar('is no gzip archive, which a chart must be');
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
