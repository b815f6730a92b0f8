import * as z from 'zod';
import { type PubsubRest, STATUS_SUBSCRIPTION } from '../local-world/pubsub.ts';

/** One status event as a subscriber receives it (docs/events.md): a few of its attributes and of its data. */
export interface Received {
  /** `sync.synced` */
  readonly type: string;
  readonly severity: string;
  readonly at: Date;
  /** Repository without tag. */
  readonly image: string | undefined;
  readonly cluster: string | undefined;
  readonly sync: string | undefined;
  readonly phase: string | undefined;
  readonly digest: string | undefined;
  readonly message: string;
}

/** Everything received so far, and a way to wait for more. */
export interface EventLog {
  readonly received: readonly Received[];
  /** Settles when the subscriber has ended; rejects with why, unless it was stopped. */
  readonly ended: Promise<void>;
}

const attributes = z.object({
  type: z.string(),
  severity: z.string(),
  'ce-time': z.iso.datetime(),
  image: z.string().optional(),
  cluster: z.string().optional(),
  sync: z.string().optional(),
});
const body = z.object({
  phase: z.string().optional(),
  digest: z.string().optional(),
  message: z.string(),
});

/** Subscribes to the status topic until `stop`, and passes each event to `onEvent` once it is in the log. */
export function subscribe(
  pubsub: PubsubRest,
  stop: AbortSignal,
  onEvent: (event: Received) => void,
): EventLog {
  const received: Received[] = [];
  async function run(): Promise<void> {
    while (!stop.aborted) {
      const messages = await pubsub.pull(STATUS_SUBSCRIPTION, stop);
      for (const message of messages) {
        const event = readEvent(message.attributes, message.data);
        received.push(event);
        onEvent(event);
      }
      const ackIds = messages.map(({ ackId }) => ackId);
      if (ackIds.length > 0) await pubsub.acknowledge(STATUS_SUBSCRIPTION, ackIds);
    }
  }
  const ended = run().catch((error: unknown) => {
    if (!stop.aborted) throw error;
  });
  return { received, ended };
}

function readEvent(headers: Readonly<Record<string, string>>, data: Buffer): Received {
  const { type, severity, image, cluster, sync, 'ce-time': time } = attributes.parse(headers);
  const { phase, digest, message } = body.parse(JSON.parse(data.toString()));
  return { type, severity, at: new Date(time), image, cluster, sync, phase, digest, message };
}
