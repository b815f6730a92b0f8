import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandBase } from '#functions/wiring/base.ts';
import { defined } from '#shared/core/defined.ts';
import { createPubsubCalls } from '#shared/status/pubsub-calls.ts';
import { runProcess } from './run-command.ts';
import { type DeadLetterOffice, runDeadLetters } from './run-dead-letters.ts';

/** Shorter than letters are leased: what a run that takes longer left alone comes back by itself. */
const TIMEOUT_MS = 240_000;

async function open(configPath: string | undefined): Promise<DeadLetterOffice> {
  const { config, env } = await readCommandBase('dead-letters', configPath);
  return {
    pubsub: createPubsubCalls(defined({ emulatorHost: env.pubsubEmulatorHost })),
    topics: config.topics,
    pause: (milliseconds) => sleep(milliseconds),
  };
}

await runProcess((args, io) => runDeadLetters(args, { ...io, open }), TIMEOUT_MS);
