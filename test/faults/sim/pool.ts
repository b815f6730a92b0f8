import type { Message } from '#shared/http/envelope.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Process } from './process.ts';

/** The instances of one function; one that was killed is replaced by a new one, which remembers nothing. */
export interface Pool {
  /** Handles one message on some instance, and answers as the endpoint would. */
  dispatch(message: Message): Promise<'ack' | 'nack'>;
  /** Kills an instance in the midst of whatever it does. */
  killOne(): void;
  /** Kills all of them: another revision takes over. */
  killAll(): void;
}

export type HandleOn = (message: Message) => Promise<void>;

export interface PoolDeps {
  readonly size: number;
  readonly random: Random;
  readonly journal: Journal;
  readonly start: (generation: number) => { readonly process: Process; readonly handle: HandleOn };
}

const NOT_UNDERSTOOD = new Set(['bad-request', 'bad-reference']);

export function createPool({ size, random, journal, start }: PoolDeps): Pool {
  let generation = 0;
  const begin = (): ReturnType<PoolDeps['start']> => start((generation += 1));
  const instances = Array.from({ length: size }, begin);

  function choose(): ReturnType<PoolDeps['start']> {
    const at = random.below(size);
    const found = instances[at];
    if (found?.process.isAlive() === true) return found;
    const fresh = begin();
    instances[at] = fresh;
    return fresh;
  }

  async function answer(handle: HandleOn, message: Message): Promise<'ack' | 'nack'> {
    try {
      await handle(message);
      return 'ack';
    } catch (error) {
      const failure = toFailure(error);
      if (failure.code === 'internal') throw error;
      journal.count(`handlers failed: ${failure.code}`);
      return failure.retry && !NOT_UNDERSTOOD.has(failure.code) ? 'nack' : 'ack';
    }
  }

  return {
    dispatch(message) {
      const { process, handle } = choose();
      const died = process.death.then(() => 'nack' as const);
      return Promise.race([answer(handle, message), died]);
    },
    killOne() {
      choose().process.kill();
    },
    killAll() {
      for (const { process } of instances) process.kill();
    },
  };
}
