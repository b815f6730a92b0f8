import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '#shared/config/config.ts';
import { parseConfig } from '#shared/config/load-config.ts';
import { ConfigError, type Problem } from '#shared/config/problem.ts';
import { readTextFile } from '#shared/config/read-file.ts';

export const FIXTURES = resolve(import.meta.dirname, '../../fixtures/config');
export const FULL = resolve(FIXTURES, 'full.yaml');
export const FULL_LOCAL = resolve(FIXTURES, 'full-local.yaml');

const FULL_ROLLOUTS = resolve(FIXTURES, 'full-rollouts.yaml');

export const fullText = readFileSync(FULL, 'utf8');
export const rolloutsText = readFileSync(FULL_ROLLOUTS, 'utf8');
export const localText = readFileSync(FULL_LOCAL, 'utf8');

/** Parses text as if it stood beside the fixtures. */
export async function parse(text: string): Promise<Config> {
  return parseConfig(text, { file: FULL, readFile: readTextFile });
}

/** The problems of text that must not be accepted. */
export async function problemsOf(text: string): Promise<readonly Problem[]> {
  try {
    await parse(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('The config was accepted');
}

/** `text` with the one place that reads `before` changed; the tests' way to break a good config. */
export function edit(text: string, before: string, after: string): string {
  const [head, tail, ...more] = text.split(before);
  if (head === undefined || tail === undefined || more.length > 0) {
    throw new Error(
      `${JSON.stringify(before)} stands ${more.length + (tail === undefined ? 0 : 1)} times in the text`,
    );
  }
  return head + after + tail;
}

/** Line, from 1, on which `needle` begins in `text`. */
export function lineOf(text: string, needle: string): number {
  return text.slice(0, text.indexOf(needle)).split('\n').length;
}
