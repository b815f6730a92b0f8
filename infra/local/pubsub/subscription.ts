import { createBacklog, type Delivery, type Lease, type Clock, type Backlog } from './backlog.ts';
import {
  ACK_DEADLINE_SECONDS,
  type Draft,
  type Message,
  type PushTarget,
  type SubscriptionSettings,
} from './schema.ts';
import { PubsubError } from './pubsub-error.ts';
import { type PushClient, toPushRequest, startPusher, type Pusher } from './push.ts';
import { retryDelay, isExhausted, toDeadLetter } from './subscription-settings.ts';

const ACK_IDS_PER_CALL = 2_500;

/** Messages a stream holds unacknowledged when its client names no number. Own. */
const STREAM_OUTSTANDING = 1_000;

/** How long a pull waits for a first message before it answers with none. Own. */
const PULL_WAIT = 20_000;

/** Tokens for endpoints that ask for one; the audience defaults to the endpoint's URL. */
export type MintToken = (request: {
  serviceAccountEmail: string;
  audience: string;
}) => Promise<string> | string;

interface SubscriptionDeps {
  clock: Clock;
  client: PushClient;
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
  /** Delivers from now on; the returned function stops. Leases that are out stay out. */
  stream(options: StreamOptions): () => void;
  /** Ends deliveries; streams and waiting pulls end with the reason. */
  close(reason: PubsubError): Promise<void>;
}

/**
 * Starts a subscription.
 *
 * @example const subscription = openSubscription(settings, { clock, client, forward });
 */
export function openSubscription(
  initial: SubscriptionSettings,
  deps: SubscriptionDeps,
): Subscription {
  let settings = initial;
  let pusher: Pusher | undefined;
  const consumers: Consumers = new Set();
  const backlog = createBacklog({
    clock: deps.clock,
    name: initial.name,
    ordered: initial.enableMessageOrdering,
    onFailure,
  });

  function onFailure(delivery: Delivery): 'gone' | { retryInMs: number } {
    const policy = settings.deadLetterPolicy;
    if (policy && isExhausted(policy, delivery)) {
      // Without its topic the message stays, and is tried again, as in the real service.
      const letter = toDeadLetter(settings.name, delivery);
      if (deps.forward(policy.deadLetterTopic, letter)) return 'gone';
    }
    const mode = settings.pushConfig ? 'push' : 'pull';
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
    });
  }

  async function mint({ oidcToken, pushEndpoint }: PushTarget): Promise<string | undefined> {
    if (!oidcToken || !deps.mintToken) return undefined;
    const audience = oidcToken.audience || pushEndpoint;
    return deps.mintToken({ serviceAccountEmail: oidcToken.serviceAccountEmail, audience });
  }

  function endConsumers(reason: PubsubError): void {
    for (const end of consumers) end(reason);
  }

  if (settings.pushConfig) pusher = push(settings.pushConfig);
  return {
    settings: () => settings,
    async change(next) {
      const pushesOn = settings.pushConfig === next.pushConfig;
      settings = next;
      if (pushesOn) return;
      const stopping = pusher?.close();
      pusher = next.pushConfig && push(next.pushConfig);
      if (next.pushConfig) endConsumers(notPullable(next.name));
      await stopping;
    },
    offer: (message) => backlog.add(message),
    async pull(options) {
      if (settings.pushConfig) throw notPullable(settings.name);
      const take = { max: options.max, deadlineMs: settings.ackDeadlineSeconds * 1_000 };
      const leases = backlog.take(take);
      if (leases.length > 0 || options.immediately) return leases;
      return waitForMessages({ backlog, clock: deps.clock, take, consumers, ...options });
    },
    stream(options) {
      if (settings.pushConfig) throw notPullable(settings.name);
      return openStream(options, { backlog, consumers });
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
      endConsumers(reason);
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

/** What takes from the backlog by itself, streams and waiting pulls: each is ended with a reason. */
type Consumers = Set<(reason: PubsubError) => void>;

interface StreamOptions {
  /** How long each message may take; read anew for each, since a client may change it. */
  deadlineMs: () => number;
  /** Messages the client takes unacknowledged at a time; 0 or less leaves it to the service. */
  maxOutstanding: number;
  deliver: (leases: Lease[]) => void;
  /** The subscription went away, or can no longer be pulled from. */
  onEnd: (reason: PubsubError) => void;
}

/** A StreamingPull call: takes whatever the backlog has, within its own flow control. */
function openStream(
  options: StreamOptions,
  { backlog, consumers }: { backlog: Backlog; consumers: Consumers },
): () => void {
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
    // One answer may be too small for all.
    queueMicrotask(pump);
  }

  function stop(): void {
    stopped = true;
    unsubscribe();
    consumers.delete(end);
  }

  function end(reason: PubsubError): void {
    stop();
    options.onEnd(reason);
  }

  const unsubscribe = backlog.onReady(pump);
  consumers.add(end);
  queueMicrotask(pump);
  return stop;
}

/** The first messages to come; none after PULL_WAIT, or once the caller has gone. */
function waitForMessages(wait: {
  backlog: Backlog;
  clock: Clock;
  take: { max: number; deadlineMs: number };
  consumers: Consumers;
  /** The caller has gone. */
  signal: AbortSignal;
}): Promise<Lease[]> {
  const { backlog, clock, take, consumers, signal } = wait;
  return new Promise((resolve, reject) => {
    const offReady = backlog.onReady(() => {
      const leases = backlog.take(take);
      if (leases.length > 0) finish(() => resolve(leases));
    });
    const giveUp = (): void => finish(() => resolve([]));
    const end = (reason: PubsubError): void => finish(() => reject(reason));
    const cancelTimer = clock.after(PULL_WAIT, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    consumers.add(end);

    function finish(settle: () => void): void {
      offReady();
      cancelTimer();
      signal.removeEventListener('abort', giveUp);
      consumers.delete(end);
      settle();
    }
  });
}
