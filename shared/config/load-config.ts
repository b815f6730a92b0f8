import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { Config } from './config.ts';
import { MAX_CONFIG_BYTES } from './limits.ts';
import { systemCode } from './named-file.ts';
import { parseConfig, tooLarge } from './parse-config.ts';
import { type ReadFile, readTextFile } from './read-file.ts';

/**
 * Reads and checks the config file at `path`. Throws ConfigError with every problem, or `bad-config` when the file
 * itself cannot be read.
 */
export async function loadConfig(path: string, readFile: ReadFile = readTextFile): Promise<Config> {
  return parseConfig(await readConfigText(path, readFile), { file: path, readFile });
}

/** The text of the config file. Throws as `loadConfig`. */
export async function readConfigText(path: string, readFile: ReadFile): Promise<string> {
  try {
    return await readFile(path, MAX_CONFIG_BYTES);
  } catch (error) {
    if (toFailure(error).code === 'too-large') throw tooLarge(path);
    if (error instanceof CountersignError) throw error;
    throw new CountersignError(
      'bad-config',
      `Config file ${path} cannot be read (${systemCode(error)}): set COUNTERSIGN_CONFIG to a readable file`,
      { cause: error },
    );
  }
}
