/** Of one call: Pub/Sub takes 1,000 messages and 10 MB. */
const MAX_MESSAGES = 100;
const MAX_BYTES = 4 * 1024 * 1024;

/** How long a message waits at most for a call that is under way, to go with what comes meanwhile. */
const WAIT_MS = 10;

interface Sized {
  readonly data: Uint8Array;
}

interface Batch<Message> {
  readonly messages: Message[];
  bytes: number;
  readonly go: () => void;
  readonly sent: Promise<void>;
}

/**
 * Sends messages together, for a call costs ten times as much as a message: what comes while a call is under way goes
 * with the next one, as soon as that has ended, or after a moment. With nothing under way a message goes at once, with
 * what comes in the same turn. Each resolves, or is rejected, with its call.
 *
 * @example
 * const publish = createBatches((messages) => client.publish({ topic, messages }));
 * await publish(message);
 */
export function createBatches<Message extends Sized>(
  send: (messages: readonly Message[]) => Promise<void>,
): (message: Message) => Promise<void> {
  let underWay = 0;
  let open: Batch<Message> | undefined;

  function begin(): Batch<Message> {
    const { promise: ready, resolve: go } = Promise.withResolvers<void>();
    if (underWay === 0) setImmediate(go);
    const timer = underWay === 0 ? undefined : setTimeout(go, WAIT_MS);
    const messages: Message[] = [];
    async function sendWhenReady(): Promise<void> {
      await ready;
      clearTimeout(timer);
      if (open === batch) open = undefined;
      underWay += 1;
      try {
        await send(messages);
      } finally {
        underWay -= 1;
        open?.go();
      }
    }
    const batch = { messages, bytes: 0, go, sent: sendWhenReady() };
    return batch;
  }

  return async function add(message) {
    const { length } = message.data;
    if (
      open !== undefined &&
      (open.messages.length >= MAX_MESSAGES || open.bytes + length > MAX_BYTES)
    ) {
      open.go();
      open = undefined;
    }
    open ??= begin();
    open.bytes += length;
    open.messages.push(message);
    await open.sent;
  };
}
