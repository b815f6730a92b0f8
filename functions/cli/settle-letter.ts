import { toFailure } from '#shared/core/errors.ts';
import type { PubsubCalls, PulledMessage } from '#shared/status/pubsub-calls.ts';
import { readDeadLetter } from '#shared/status/dead-letter.ts';
import type { DeadLettersCommand } from './dead-letters-command.ts';
import type { Origin } from './letter-origin.ts';

export type Fate = 'listed' | 'replayed' | 'dropped' | 'would-replay' | 'would-drop' | 'kept';

export interface Settled {
  readonly fate: Fate;
  /** Why it was kept, or kept although it was replayed. */
  readonly problem?: string;
}

/**
 * Does with one letter what was asked. A replay is published first and acknowledged only then: a run that is killed in
 * between leaves the letter where it is, and the next one publishes it again, which changes nothing (law 1).
 */
export async function settleLetter(
  message: PulledMessage,
  origin: Origin,
  context: {
    readonly command: Pick<DeadLettersCommand, 'verb' | 'dryRun'>;
    readonly pubsub: PubsubCalls;
    readonly subscription: string;
  },
): Promise<Settled> {
  const { command, pubsub, subscription } = context;
  const acknowledge = (): Promise<void> => pubsub.acknowledge(subscription, [message.ackId]);
  switch (command.verb) {
    case 'list':
      return { fate: 'listed' };
    case 'drop':
      if (command.dryRun) return { fate: 'would-drop' };
      return attempt(acknowledge, 'dropped');
    case 'replay': {
      const { topic, problem } = origin;
      if (topic === undefined || problem !== undefined) {
        return { fate: 'kept', problem: problem ?? 'Nobody knows where it came from' };
      }
      if (command.dryRun) return { fate: 'would-replay' };
      return attempt(async () => {
        await pubsub.publish(topic, readDeadLetter(message).original);
        await acknowledge();
      }, 'replayed');
    }
  }
}

async function attempt(work: () => Promise<void>, fate: Fate): Promise<Settled> {
  try {
    await work();
    return { fate };
  } catch (error) {
    return { fate: 'kept', problem: toFailure(error).message };
  }
}
