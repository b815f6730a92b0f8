import * as z from 'zod';
import { type PubsubRest, STATUS_SUBSCRIPTION } from '../local-world/pubsub.ts';

/** What is read of a status event (docs/events.md): `image` is a repository without its tag. */
const eventSchema = z
  .object({
    attributes: z.object({
      type: z.string(),
      severity: z.string(),
      'ce-time': z.iso.datetime().transform((time) => new Date(time)),
      image: z.string().optional(),
      cluster: z.string().optional(),
      sync: z.string().optional(),
    }),
    body: z.object({
      phase: z.string().optional(),
      digest: z.string().optional(),
      message: z.string(),
    }),
  })
  .transform(({ attributes: { 'ce-time': at, ...attributes }, body }) => ({
    at,
    ...attributes,
    ...body,
  }));

/** One status event as a subscriber receives it. */
export type Received = z.output<typeof eventSchema>;

/** Everything received so far, and a way to wait for more. */
interface EventLog {
  readonly received: readonly Received[];
  /** Settles when the subscriber has ended; rejects with why, unless it was stopped. */
  readonly ended: Promise<void>;
}

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
      for (const { attributes, data } of messages) {
        const event = eventSchema.parse({ attributes, body: JSON.parse(data.toString()) });
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
