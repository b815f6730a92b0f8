import type { Readable } from 'node:stream';
import { CountersignError } from '#shared/core/errors.ts';

/** The body of a request or response, or any other source of bytes; null and undefined: there is none. */
export type Body = AsyncIterable<Uint8Array> | null | undefined;

export interface BodyStart {
  /** At most as many as were allowed. */
  readonly bytes: Buffer;
  /** There was more. */
  readonly cut: boolean;
}

/**
 * Reads at most `maxBytes` of a body and hangs up on the rest. It counts what arrives, whatever Content-Length says; of
 * a body that `fetch` unpacks that is what comes out, so that a bomb stops at the limit, too. Throws what the body
 * throws.
 */
export async function readStart(body: Body, maxBytes: number): Promise<BodyStart> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream, which closes the connection.
  for await (const chunk of body ?? []) {
    if (size + chunk.byteLength > maxBytes) {
      chunks.push(chunk.subarray(0, maxBytes - size));
      return { bytes: Buffer.concat(chunks), cut: true };
    }
    size += chunk.byteLength;
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), cut: false };
}

/**
 * Reads a whole body. Throws `too-large`, "`what` is larger than 65536 bytes", as soon as it is; and what the body
 * throws.
 *
 * @example
 * const bytes = await readBody(response.body, 64 * 1024, `Answer of ${url.host}`);
 */
export async function readBody(body: Body, maxBytes: number, what: string): Promise<Buffer> {
  const { bytes, cut } = await readStart(body, maxBytes);
  if (cut) throw tooLarge(maxBytes, what);
  return bytes;
}

/**
 * The same of a stream of Node's, by its events: iterating over it costs half as much as a call to a cluster. After a
 * rejection the caller closes the connection.
 */
export function readStream(stream: Readable, maxBytes: number, what: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) reject(tooLarge(maxBytes, what));
    else chunks.push(chunk);
  });
  stream.once('end', () => resolve(Buffer.concat(chunks)));
  stream.on('error', reject);
  return promise;
}

/** The failure of a body that has more bytes than are taken. */
export function tooLarge(maxBytes: number, what: string): CountersignError {
  return new CountersignError('too-large', `${what} is larger than ${maxBytes} bytes`);
}
