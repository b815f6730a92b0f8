import type { Message } from '#shared/http/envelope.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Clock } from './clock.ts';
import type { FaultRates } from './faults.ts';

/** A topic with its one push subscription: at least once, in order per key where there is one, never on time. */
export interface SimTopic {
  publish(
    data: Uint8Array,
    options?: {
      readonly orderingKey?: string;
      readonly losable?: boolean;
      readonly attributes?: Readonly<Record<string, string>>;
    },
  ): void;
  /** Messages not acknowledged yet. */
  pending(): number;
}

export interface SimTopicDeps {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly rates: () => FaultRates;
  /** Delivers one message; `nack` where it is to be delivered again. */
  readonly deliver: (message: Message) => Promise<'ack' | 'nack'>;
  readonly onDeadLetter: (message: Message) => void;
}

const DELAY_MS = 150;
const LONG_DELAY_MS = 4 * 60_000;
/** A copy comes this much later, on average. */
const DUPLICATE_MS = 60_000;
const ACK_DEADLINE_MS = 60_000;
const BACKOFF_MS = { first: 10_000, longest: 600_000 };
/** `maxDeliveryAttempts` of the subscription. */
const MAX_ATTEMPTS = 12;
/** The broker loses one acknowledgement in so many. */
const ACK_LOST = 0.005;

interface Queued {
  readonly message: Message;
  attempt: number;
}

export function createSimTopic(deps: SimTopicDeps): SimTopic {
  const { name, clock, random, journal, rates, deliver, onDeadLetter } = deps;
  const queues = new Map<string, Queued[]>();
  let serial = 0;
  let pending = 0;

  /** Delivers until it is acknowledged or given up; `done` lets the next message of its key go. */
  async function attempt(queued: Queued, done: () => void): Promise<void> {
    queued.attempt += 1;
    journal.count('deliveries');
    if (queued.attempt > 1) journal.count('redeliveries');
    const message = { ...queued.message, deliveryAttempt: queued.attempt };
    const late = clock.sleep(ACK_DEADLINE_MS).then(() => 'nack' as const);
    const answer = await Promise.race([deliver(message), late]);
    const lost = rates().drop > 0 && random.chance(ACK_LOST);
    if (answer === 'ack' && !lost) {
      done();
      return;
    }
    if (queued.attempt >= MAX_ATTEMPTS) {
      journal.count('dead letters');
      onDeadLetter(queued.message);
      done();
      return;
    }
    const backoff = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** (queued.attempt - 1));
    start(queued, backoff, done);
  }

  function start(queued: Queued, delay: number, done: () => void): void {
    clock.after(delay, () => {
      clock.stir();
      void attempt(queued, done);
    });
  }

  function next(key: string): void {
    const queue = queues.get(key);
    const [head] = queue ?? [];
    if (queue === undefined || head === undefined) {
      queues.delete(key);
      return;
    }
    start(head, random.waiting(DELAY_MS), () => {
      pending -= 1;
      queue.shift();
      next(key);
    });
  }

  function duplicate(message: Message): void {
    if (!random.chance(rates().duplicate)) return;
    journal.count('duplicates');
    pending += 1;
    start({ message, attempt: 0 }, random.waiting(DUPLICATE_MS), () => {
      pending -= 1;
    });
  }

  return {
    pending: () => pending,
    publish(data, { orderingKey, losable = false, attributes = {} } = {}) {
      serial += 1;
      journal.count(`messages on ${name}`);
      if (losable && random.chance(rates().drop)) {
        journal.count('drops');
        return;
      }
      const message: Message = {
        messageId: `${name}-${serial}`,
        publishTime: new Date(clock.now()),
        attributes,
        data,
        ...(orderingKey === undefined ? {} : { orderingKey }),
      };
      duplicate(message);
      pending += 1;
      if (orderingKey === undefined) {
        const long = random.chance(rates().delay);
        start({ message, attempt: 0 }, random.waiting(long ? LONG_DELAY_MS : DELAY_MS), () => {
          pending -= 1;
        });
        return;
      }
      const queue = queues.get(orderingKey) ?? [];
      queue.push({ message, attempt: 0 });
      queues.set(orderingKey, queue);
      if (queue.length === 1) next(orderingKey);
    },
  };
}
