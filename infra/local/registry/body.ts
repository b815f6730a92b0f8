import { RegistryError } from './errors.ts';

/** The whole body of a request; SIZE_INVALID (413) as soon as it is more than `limit` bytes. */
export async function readBody(
  request: Request,
  limit: number,
): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  if (Number(request.headers.get('content-length')) > limit) throw tooLarge(limit);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return chunks;
}

/** Chunks as one piece of memory of their own. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}

function tooLarge(limit: number): RegistryError {
  return new RegistryError('SIZE_INVALID', `Body must be at most ${limit} bytes`);
}
