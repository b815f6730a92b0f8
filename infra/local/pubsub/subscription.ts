import { createBacklog, type Delivery, type Lease, type Clock, type Backlog } from './backlog.ts';
import {
  retryDelay,
  isExhausted,
  toDeadLetter,
  type SubscriptionSettings,
} from './subscription-settings.ts';
import { parseFilter } from './filter.ts';
import { ACK_DEADLINE_SECONDS, ACK_IDS_PER_CALL, STREAM_OUTSTANDING, PULL_WAIT } from './limits.ts';
import type { Draft, Message } from './message.ts';
import { PubsubError } from './pubsub-error.ts';
import {
  type PushClient,
  toPushRequest,
  type PushTarget,
  startPusher,
  type Pusher,
} from './push.ts';

/** Tokens for endpoints that ask for one; the audience defaults to the endpoint's URL. */
export type MintToken = (request: {
  serviceAccountEmail: string;
  audience: string;
}) => Promise<string> | string;

export type Log = (message: string, fields: Record<string, unknown>) => void;

interface SubscriptionDeps {
  clock: Clock;
  client: PushClient;
  log: Log;
  mintToken?: MintToken | undefined;
  /** Publishes to a dead-letter topic; false where there is no such topic. */
  forward: (topic: string, draft: Draft) => boolean;
}

/** One subscription at work: what it holds, and who takes from it. */
export interface Subscription {
  settings(): SubscriptionSettings;
  change(settings: SubscriptionSettings): Promise<void>;
  offer(message: Message): void;
  /** Waits up to PULL_WAIT for a first message, unless asked to return at once. */
  pull(options: { max: number; immediately: boolean; signal: AbortSignal }): Promise<Lease[]>;
  acknowledge(ackIds: readonly string[]): void;
  /** Zero is a nack. */
  modifyAckDeadline(ackIds: readonly string[], seconds: number): void;
  streams: Streams;
  /** Ends deliveries; streams and waiting pulls end with the reason. */
  close(reason: PubsubError): Promise<void>;
}

/**
 * Starts a subscription; INVALID_ARGUMENT for a filter that does not parse.
 *
 * @example const subscription = openSubscription(settings, { clock, client, log, forward });
 */
export function openSubscription(
  initial: SubscriptionSettings,
  deps: SubscriptionDeps,
): Subscription {
  let settings = initial;
  let pusher: Pusher | undefined;
  const matches = parseFilter(initial.filter);
  const waiting = new Set<(reason: PubsubError) => void>();
  const backlog = createBacklog({
    clock: deps.clock,
    name: initial.name,
    ordered: initial.enableMessageOrdering,
    onFailure,
  });
  const streams = createStreams(backlog);

  function onFailure(delivery: Delivery): 'gone' | { retryInMs: number } {
    const policy = settings.deadLetterPolicy;
    if (policy && isExhausted(policy, delivery)) {
      // Without its topic the message stays, and is tried again, as in the real service.
      if (deps.forward(policy.deadLetterTopic, toDeadLetter(settings.name, delivery)))
        return 'gone';
    }
    const mode = settings.push ? 'push' : 'pull';
    return { retryInMs: retryDelay(settings.retryPolicy, mode, delivery.attempts) };
  }

  function push(target: PushTarget): Pusher {
    return startPusher({
      backlog,
      client: deps.client,
      deadlineMs: () => settings.ackDeadlineSeconds * 1_000,
      prepare: async (lease) =>
        toPushRequest(lease, {
          subscription: settings.name,
          target,
          showAttempt: settings.deadLetterPolicy !== undefined,
          token: await mint(target),
        }),
      log: (message, fields) =>
        deps.log(message, {
          subscription: settings.name,
          endpoint: target.pushEndpoint,
          ...fields,
        }),
    });
  }

  async function mint({ oidcToken, pushEndpoint }: PushTarget): Promise<string | undefined> {
    if (!oidcToken || !deps.mintToken) return undefined;
    const audience = oidcToken.audience || pushEndpoint;
    return deps.mintToken({ serviceAccountEmail: oidcToken.serviceAccountEmail, audience });
  }

  if (settings.push) pusher = push(settings.push);
  return {
    streams,
    settings: () => settings,
    async change(next) {
      const pushesOn = settings.push === next.push;
      settings = next;
      if (pushesOn) return;
      const stopping = pusher?.close();
      pusher = next.push && push(next.push);
      if (next.push) streams.end(notPullable(next.name));
      await stopping;
    },
    offer(message) {
      if (matches(message.attributes)) backlog.add(message);
    },
    async pull(options) {
      if (settings.push) throw notPullable(settings.name);
      if (options.max < 1) throw new PubsubError('INVALID_ARGUMENT', 'maxMessages is not positive');
      const take = { max: options.max, deadlineMs: settings.ackDeadlineSeconds * 1_000 };
      const leases = backlog.take(take);
      if (leases.length > 0 || options.immediately) return leases;
      return waitForMessages({ backlog, clock: deps.clock, take, waiting, ...options });
    },
    acknowledge(ackIds) {
      checkAckIds(settings.name, ackIds);
      for (const ackId of ackIds) backlog.ack(ackId);
    },
    modifyAckDeadline(ackIds, seconds) {
      checkAckIds(settings.name, ackIds);
      if (seconds < 0 || seconds > ACK_DEADLINE_SECONDS.max) {
        throw new PubsubError('INVALID_ARGUMENT', `ackDeadlineSeconds ${seconds} is out of range`);
      }
      for (const ackId of ackIds) {
        if (seconds === 0) backlog.nack(ackId);
        else backlog.extend(ackId, seconds * 1_000);
      }
    },
    async close(reason) {
      for (const end of waiting) end(reason);
      streams.end(reason);
      const stopping = pusher?.close();
      backlog.close();
      await stopping;
    },
  };
}

/** Ids of ended leases are fine (and do nothing); ids of another subscription are not. */
function checkAckIds(subscription: string, ackIds: readonly string[]): void {
  if (ackIds.length === 0) throw new PubsubError('INVALID_ARGUMENT', 'No ack ids specified');
  if (ackIds.length > ACK_IDS_PER_CALL) {
    throw new PubsubError('INVALID_ARGUMENT', `More than ${ACK_IDS_PER_CALL} ack ids`);
  }
  for (const ackId of ackIds) {
    const serial = ackId.startsWith(`${subscription}:`) && ackId.slice(subscription.length + 1);
    if (serial === false || !/^\d+$/.test(serial)) {
      throw new PubsubError('INVALID_ARGUMENT', `Invalid ack id (ack_id=${ackId.slice(0, 300)})`);
    }
  }
}

function notPullable(name: string): PubsubError {
  return new PubsubError('FAILED_PRECONDITION', `${name} pushes: it cannot be pulled from`);
}

interface StreamOptions {
  /** How long each message may take; read anew for each, since a client may change it. */
  deadlineMs: () => number;
  /** Messages the client takes unacknowledged at a time; 0 leaves it to us. */
  maxOutstanding: number;
  deliver: (leases: Lease[]) => void;
  /** The subscription went away, or can no longer be pulled from. */
  onEnd: (reason: PubsubError) => void;
}

/** The open StreamingPull calls of one subscription. */
interface Streams {
  /** Delivers from now on; the returned function stops. Leases that are out stay out. */
  open(options: StreamOptions): () => void;
  end(reason: PubsubError): void;
}

/** Streams that take whatever the backlog has, each within its own flow control. */
function createStreams(backlog: Backlog): Streams {
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

interface PullWait {
  backlog: Backlog;
  clock: Clock;
  take: { max: number; deadlineMs: number };
  /** Where the end of the subscription finds the wait. */
  waiting: Set<(reason: PubsubError) => void>;
  /** The caller has gone. */
  signal: AbortSignal;
}

/** The first messages to come; none after PULL_WAIT, or once the caller has gone. */
function waitForMessages({ backlog, clock, take, waiting, signal }: PullWait): Promise<Lease[]> {
  return new Promise((resolve, reject) => {
    const offReady = backlog.onReady(() => {
      const leases = backlog.take(take);
      if (leases.length > 0) finish(() => resolve(leases));
    });
    const cancelTimer = clock.after(PULL_WAIT, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    waiting.add(end);

    function giveUp(): void {
      finish(() => resolve([]));
    }
    function end(reason: PubsubError): void {
      finish(() => reject(reason));
    }
    function finish(settle: () => void): void {
      offReady();
      cancelTimer();
      signal.removeEventListener('abort', giveUp);
      waiting.delete(end);
      settle();
    }
  });
}
