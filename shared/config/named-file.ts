import { dirname, resolve } from 'node:path';
import { CountersignError } from '#shared/core/errors.ts';
import type { ReadFile } from './read-file.ts';

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
): Promise<{ readonly text: string } | { readonly problem: string; readonly fix: string }> {
  const absolute = resolveNamed(source, path);
  try {
    return { text: await source.readFile(absolute, maxBytes) };
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
