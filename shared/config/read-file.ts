import { createReadStream } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { CountersignError } from '#shared/core/errors.ts';
import { decodeText } from '#shared/net/json.ts';
import { readBody } from '#shared/net/read-body.ts';
import { TILDE } from './no-tilde.ts';
import type { Fault } from './problem.ts';

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
  const bytes = await readBody(stream, maxBytes, 'File');
  const text = decodeText(bytes);
  // A text of UTF-16 without its mark has nothing but NUL that UTF-8 would not have.
  if (text === undefined || text.includes('\0')) {
    // What cannot be decoded is replaced by this character.
    const [good = ''] = new TextDecoder().decode(bytes).split(/[\0\uFFFD]/, 1);
    const line = good.split('\n').length;
    const message = `It is no UTF-8 text at line ${line}: save it as UTF-8`;
    throw new CountersignError('bad-config', message);
  }
  // As some editors begin a file.
  return text.replace(/^\uFEFF/, '');
}

/** The config file as far as reading what it names goes. */
export interface ConfigSource {
  /** Path of the config file, for messages and for paths relative to it. */
  readonly file: string;
  readonly readFile: ReadFile;
}

/** `path` as written in the config file, absolute. */
export function resolveNamed(source: ConfigSource, path: string): string {
  return resolve(dirname(source.file), path);
}

/** The text of a file that the config names, or why it cannot be had. */
export async function readNamed(
  source: ConfigSource,
  path: string,
  maxBytes: number,
): Promise<string | Fault> {
  if (path.startsWith('~')) return TILDE;
  const absolute = resolveNamed(source, path);
  try {
    return await source.readFile(absolute, maxBytes);
  } catch (error) {
    const fix = `Make ${absolute} readable, or correct the path`;
    if (error instanceof CountersignError) return { problem: error.message, fix };
    return { problem: `Cannot be read (${systemCode(error)})`, fix };
  }
}

/** `ENOENT` and the like; other texts of a failure could repeat what the file holds. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown failure';
}
