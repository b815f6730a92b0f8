import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandBase } from '#functions/wiring/base.ts';
import { openGoogleToken } from '#functions/wiring/google-token.ts';
import { createPubsubRest } from '#shared/status/pubsub-rest.ts';
import { runProcess } from './run-command.ts';
import { type DeadLetterOffice, runDeadLetters } from './run-dead-letters.ts';

/** Shorter than letters are leased: what a run that takes longer left alone comes back by itself. */
const TIMEOUT_MS = 240_000;

async function open(configPath: string | undefined): Promise<DeadLetterOffice> {
  const { config, env } = await readCommandBase('dead-letters', configPath);
  const { pubsubEmulatorHost: emulatorHost } = env;
  return {
    pubsub: createPubsubRest({
      fetch,
      googleToken: openGoogleToken(),
      ...(emulatorHost === undefined ? {} : { emulatorHost }),
    }),
    topics: config.topics,
    pause: (milliseconds) => sleep(milliseconds),
  };
}

await runProcess((args, io) => runDeadLetters(args, { ...io, open }), TIMEOUT_MS);
