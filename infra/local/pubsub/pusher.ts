import type { Backlog, Lease } from './backlog.ts';
import { PUSH_CONCURRENCY } from './limits.ts';
import type { PushClient, PushRequest } from './push-client.ts';

/** cloud.google.com/pubsub/docs/push: these acknowledge, every other answer does not. */
const ACKNOWLEDGING = new Set([102, 200, 201, 202, 204]);

export interface PusherDeps {
  backlog: Backlog;
  client: PushClient;
  /** The ack deadline, which is also how long an endpoint may take. */
  deadlineMs: () => number;
  /** The request for a lease; may have to fetch a token first. */
  prepare: (lease: Lease) => Promise<PushRequest>;
  log: (message: string, fields: Record<string, unknown>) => void;
}

export interface Pusher {
  /** Aborts what is under way and resolves when nothing is. */
  close(): Promise<void>;
}

/** Pushes whatever the backlog has, at most PUSH_CONCURRENCY at a time, until closed. */
export function startPusher(deps: PusherDeps): Pusher {
  const underWay = new Map<string, { abort: AbortController; done: Promise<void> }>();
  let closed = false;

  function pump(): void {
    if (closed) return;
    while (underWay.size < PUSH_CONCURRENCY) {
      const abort = new AbortController();
      const [lease] = deps.backlog.take({
        max: 1,
        deadlineMs: deps.deadlineMs(),
        onSettled: (_, outcome) => {
          if (outcome === 'expired' || outcome === 'closed') abort.abort();
        },
      });
      if (!lease) return;
      const done = deliver(lease, abort.signal).finally(() => {
        underWay.delete(lease.ackId);
        pump();
      });
      underWay.set(lease.ackId, { abort, done });
    }
  }

  async function deliver(lease: Lease, signal: AbortSignal): Promise<void> {
    try {
      const request = await Promise.race([deps.prepare(lease), rejectOnAbort(signal)]);
      const status = await deps.client.send(request, signal);
      if (ACKNOWLEDGING.has(status)) {
        deps.backlog.ack(lease.ackId);
        return;
      }
      deps.log('Push endpoint refused a message', { ...fieldsOf(lease), status });
    } catch (error) {
      if (!closed) deps.log('Push endpoint not reached', { ...fieldsOf(lease), error });
    }
    // After an expiry the lease is gone and this does nothing.
    deps.backlog.nack(lease.ackId);
  }

  const unsubscribe = deps.backlog.onReady(pump);
  pump();
  return {
    async close() {
      closed = true;
      unsubscribe();
      const pending = [...underWay.values()];
      for (const { abort } of pending) abort.abort();
      await Promise.all(pending.map(({ done }) => done));
    },
  };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Push aborted')), { once: true });
  });
}

function fieldsOf(lease: Lease): Record<string, unknown> {
  return { messageId: lease.message.messageId, attempt: lease.attempt };
}
