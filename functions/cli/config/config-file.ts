import { Argument, Option } from 'commander';
import { CountersignError } from '#shared/core/errors.ts';
import type { VerbDeps } from '../verb.ts';

/** How a verb is given the config file: as its argument, or as an option. */
export const FILE = new Argument('[file]', 'the config file; without it that of --config');

export const CONFIG = new Option(
  '--config <file>',
  'the config file (default: COUNTERSIGN_CONFIG, or countersign.yaml)',
);

/** What a verb that takes one is given. */
export interface Configured {
  readonly file?: string | undefined;
  readonly config?: string;
}

/** Where the config file is. Throws `bad-request` for two of them. */
export function configPathOf({ file, config }: Configured, { env }: Pick<VerbDeps, 'env'>): string {
  if (file !== undefined && config !== undefined && file !== config) {
    const message = `Two config files, ${file} and ${config}: leave --config out`;
    throw new CountersignError('bad-request', message);
  }
  return file ?? config ?? (env['COUNTERSIGN_CONFIG'] || 'countersign.yaml');
}
