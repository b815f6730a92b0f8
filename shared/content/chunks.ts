/** Bytes as they arrive. */
export type Chunks = AsyncIterable<Uint8Array>;

/** Takes exact numbers of bytes from chunks of any size; never keeps more than one chunk and what is asked for. */
export interface ByteReader {
  /** The next `length` bytes; fewer at the end of the input, none once it has ended. */
  take(length: number): Promise<Uint8Array>;
  /** Shows the next `length` bytes piece by piece, and returns how many there were. */
  pass(length: number, see?: (piece: Uint8Array) => void): Promise<number>;
}

/** Makes a reader over `chunks`. Throws what they throw. */
export function createByteReader(chunks: Chunks): ByteReader {
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

  return {
    pass,
    async take(length) {
      const first = await next(length);
      if (first.length === length || first.length === 0) return first;
      const pieces = [first];
      await pass(length - first.length, (piece) => pieces.push(piece));
      return Buffer.concat(pieces);
    },
  };
}
