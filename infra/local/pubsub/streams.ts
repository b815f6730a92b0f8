import type { Backlog, Lease } from './backlog.ts';
import { STREAM_OUTSTANDING } from './limits.ts';
import type { PubsubError } from './pubsub-error.ts';

export interface StreamOptions {
  /** How long each message may take; read anew for each, since a client may change it. */
  deadlineMs: () => number;
  /** Messages the client takes unacknowledged at a time; 0 leaves it to us. */
  maxOutstanding: number;
  deliver: (leases: Lease[]) => void;
  /** The subscription went away, or can no longer be pulled from. */
  onEnd: (reason: PubsubError) => void;
}

/** The open StreamingPull calls of one subscription. */
export interface Streams {
  /** Delivers from now on; the returned function stops. Leases that are out stay out. */
  open(options: StreamOptions): () => void;
  end(reason: PubsubError): void;
}

/** Streams that take whatever the backlog has, each within its own flow control. */
export function createStreams(backlog: Backlog): Streams {
  const ends = new Set<(reason: PubsubError) => void>();

  function open(options: StreamOptions): () => void {
    const limit = options.maxOutstanding > 0 ? options.maxOutstanding : STREAM_OUTSTANDING;
    let outstanding = 0;
    let stopped = false;

    function onSettled(): void {
      outstanding -= 1;
      if (!stopped) queueMicrotask(pump);
    }

    function pump(): void {
      if (stopped) return;
      const max = limit - outstanding;
      const leases = backlog.take({ max, deadlineMs: options.deadlineMs(), onSettled });
      if (leases.length === 0) return;
      outstanding += leases.length;
      options.deliver(leases);
    }

    function stop(): void {
      stopped = true;
      unsubscribe();
      ends.delete(end);
    }

    function end(reason: PubsubError): void {
      stop();
      options.onEnd(reason);
    }

    const unsubscribe = backlog.onReady(pump);
    ends.add(end);
    queueMicrotask(pump);
    return stop;
  }

  return {
    open,
    end(reason) {
      for (const end of ends) end(reason);
    },
  };
}
