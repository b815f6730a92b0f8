import { readTextFile } from '#shared/config/read-file.ts';
import { type AskCheck, createAskCheck } from '#shared/evidence/ask-check.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/**
 * Asks the checks of stages; undefined where the config has none.
 *
 * @example
 * const finding = await openChecks(base)?.(check, { digest, stage });
 */
export function openChecks({ config }: Pick<Base, 'config'>): AskCheck | undefined {
  const strategies = Object.values(config.rollouts.strategies);
  const stages = strategies.flatMap((strategy) => strategy.stages);
  if (stages.every(({ checks }) => checks === undefined)) return undefined;
  return createAskCheck({ fetch, readFile: readTextFile, googleToken: openGoogleToken() });
}
