import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandBase } from '#functions/wiring/base.ts';
import { defined } from '#shared/core/defined.ts';
import { createPubsubCalls } from '#shared/status/pubsub-calls.ts';
import type { LetterOffice } from './letter-office.ts';

/**
 * Where the letters of the config are. Throws `bad-config`.
 *
 * @example
 * const { pubsub } = await openLetters('countersign.yaml');
 */
export async function openLetters(configPath: string): Promise<LetterOffice> {
  const { config, env } = await readCommandBase('letters', configPath);
  return {
    pubsub: createPubsubCalls(defined({ emulatorHost: env.pubsubEmulatorHost })),
    config,
    pause: (milliseconds) => sleep(milliseconds),
  };
}
