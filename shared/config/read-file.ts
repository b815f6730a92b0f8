import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { CountersignError } from '#shared/core/errors.ts';

/**
 * Reads a text file that the config names, by absolute path. Throws whatever the file system says, and `too-large`
 * past `maxBytes`.
 */
export type ReadFile = (path: string, maxBytes: number) => Promise<string>;

/** Reads UTF-8 text from the file system; a pipe or device is cut off at the limit like a file. */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  return readText(createReadStream(path), maxBytes);
}

/** Reads a stream to its end as UTF-8. Throws `too-large` past `maxBytes`, `bad-config` when it is not UTF-8. */
export async function readText(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes)
      throw new CountersignError('too-large', `File is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new CountersignError('bad-config', 'File is not UTF-8 text', { cause: error });
  }
}
