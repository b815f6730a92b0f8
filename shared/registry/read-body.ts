import { CountersignError } from '#shared/core/errors.ts';

/**
 * Reads at most `maxBytes` of a body, whatever its Content-Length says, and hangs up on the rest. Past the limit it
 * throws `too-large`, or with `cut` returns what there is (error answers, read only for their code).
 */
export async function readBody(
  response: Response,
  maxBytes: number,
  what: string,
  cut = false,
): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream, which closes the connection.
  for await (const chunk of response.body) {
    if (size + chunk.byteLength > maxBytes) {
      // What was cut must not look empty: an empty 404 has a meaning of its own.
      chunks.push(chunk.subarray(0, maxBytes - size));
      if (cut) break;
      throw new CountersignError('too-large', `${what} is larger than ${maxBytes} bytes`);
    }
    size += chunk.byteLength;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
