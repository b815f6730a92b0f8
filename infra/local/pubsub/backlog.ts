import { ANSWER_LIMIT, type Message, messageSize } from './schema.ts';

/** One message on its way to one subscription. */
export interface Delivery {
  message: Message;
  /** Deliveries begun so far, this one included while it is out. */
  attempts: number;
}

type Outcome = 'acked' | 'nacked' | 'expired' | 'closed';

/** A message in a consumer's hands, until it is acknowledged or its deadline passes. */
export interface Lease {
  ackId: string;
  message: Message;
  attempt: number;
}

interface TakeOptions {
  max: number;
  deadlineMs: number;
  /** Called once for each lease, however it ends. */
  onSettled?: (lease: Lease, outcome: Outcome) => void;
}

/** What has been published to a subscription and is not acknowledged yet. */
export interface Backlog {
  add(message: Message): void;
  /** Leases up to `max` messages that may go out now, as many as one answer holds. */
  take(options: TakeOptions): Lease[];
  /** False where the lease has ended already: its message goes, or went, out again. */
  ack(ackId: string): boolean;
  nack(ackId: string): boolean;
  extend(ackId: string, deadlineMs: number): boolean;
  /** Called (soon, not at once) whenever something can be taken; the result unsubscribes. */
  onReady(listener: () => void): () => void;
  /** Ends every lease and timer; nothing can be taken afterwards. */
  close(): void;
}

export interface BacklogDeps {
  clock: Clock;
  /** Prefix of the ack ids. */
  name: string;
  /** Messages with one ordering key go out one at a time, in order of publishing. */
  ordered: boolean;
  /** What becomes of a delivery that failed: gone for good, or again after so many milliseconds. */
  onFailure: (delivery: Delivery) => 'gone' | { retryInMs: number };
}

interface Held {
  delivery: Delivery;
  lease: Lease;
  cancel: () => void;
  onSettled: TakeOptions['onSettled'];
}

/**
 * At-least-once bookkeeping for one subscription: ready, leased, waiting for its turn.
 *
 * @example const backlog = createBacklog({ clock, name, ordered: true, onFailure });
 */
export function createBacklog(deps: BacklogDeps): Backlog {
  const ready = new Set<Delivery>();
  const leases = new Map<string, Held>();
  const retries = new Set<() => void>();
  const listeners = new Set<() => void>();
  /** Per ordering key that is taken: what waits behind its message, in order of arrival. */
  const lines = new Map<string, Delivery[]>();
  let serial = 0;
  let notifying = false;
  let closed = false;

  function makeReady(delivery: Delivery): void {
    ready.add(delivery);
    if (notifying) return;
    notifying = true;
    // One microtask for a whole publish request: listeners get its messages together.
    queueMicrotask(() => {
      notifying = false;
      const line = [...listeners];
      for (const listener of line) {
        if (ready.size === 0) return;
        // To the back of the line, so that streams of one subscription share its messages.
        if (listeners.delete(listener)) listeners.add(listener);
        listener();
      }
    });
  }

  function keyOf(delivery: Delivery): string {
    return deps.ordered ? delivery.message.orderingKey : '';
  }

  function settle(ackId: string, outcome: Outcome): Held | undefined {
    const held = leases.get(ackId);
    if (!held) return undefined;
    leases.delete(ackId);
    held.cancel();
    held.onSettled?.(held.lease, outcome);
    return held;
  }

  /**
   * The next of its ordering key may go. A message that failed keeps its key while it waits to be sent again, so a
   * nack holds back its key and no other.
   */
  function release(delivery: Delivery): void {
    const next = lines.get(keyOf(delivery))?.shift();
    if (next) makeReady(next);
    else lines.delete(keyOf(delivery));
  }

  function fail(ackId: string, outcome: 'nacked' | 'expired'): boolean {
    const held = settle(ackId, outcome);
    if (!held) return false;
    const verdict = deps.onFailure(held.delivery);
    if (verdict === 'gone') {
      release(held.delivery);
    } else if (verdict.retryInMs <= 0) {
      makeReady(held.delivery);
    } else {
      const cancel = deps.clock.after(verdict.retryInMs, () => {
        retries.delete(cancel);
        makeReady(held.delivery);
      });
      retries.add(cancel);
    }
    return true;
  }

  function lease(delivery: Delivery, options: TakeOptions): Lease {
    serial += 1;
    delivery.attempts += 1;
    const ackId = `${deps.name}:${serial}`;
    const taken = { ackId, message: delivery.message, attempt: delivery.attempts };
    leases.set(ackId, {
      delivery,
      lease: taken,
      cancel: deps.clock.after(options.deadlineMs, () => fail(ackId, 'expired')),
      onSettled: options.onSettled,
    });
    return taken;
  }

  return {
    add(message) {
      if (closed) return;
      const delivery = { message, attempts: 0 };
      const key = keyOf(delivery);
      const line = lines.get(key);
      if (line) line.push(delivery);
      else {
        // The empty key orders nothing.
        if (key !== '') lines.set(key, []);
        makeReady(delivery);
      }
    },
    take(options) {
      const taken: Lease[] = [];
      let bytes = 0;
      for (const delivery of ready) {
        bytes += messageSize(delivery.message);
        const isFull = taken.length > 0 && bytes > ANSWER_LIMIT;
        if (isFull || taken.length >= options.max) break;
        ready.delete(delivery);
        taken.push(lease(delivery, options));
      }
      return taken;
    },
    ack(ackId) {
      const held = settle(ackId, 'acked');
      if (held) release(held.delivery);
      return held !== undefined;
    },
    nack: (ackId) => fail(ackId, 'nacked'),
    extend(ackId, deadlineMs) {
      const held = leases.get(ackId);
      if (!held) return false;
      held.cancel();
      held.cancel = deps.clock.after(deadlineMs, () => fail(ackId, 'expired'));
      return true;
    },
    onReady(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      listeners.clear();
      ready.clear();
      for (const cancel of retries) cancel();
      for (const ackId of leases.keys()) settle(ackId, 'closed');
    },
  };
}

/** Time, injected so that deadlines and backoff can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once after so many milliseconds; the returned function cancels. */
  after(milliseconds: number, run: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
