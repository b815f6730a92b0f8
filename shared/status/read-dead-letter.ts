import { OURS, PUBSUBS } from './dead-letter.ts';
import { parsePubsubName } from './pubsub-names.ts';
import type { PulledMessage } from './pubsub-rest.ts';

/** A message on the dead-letter topic, as we or Pub/Sub put it there. All of it is a claim: anyone may publish. */
export interface DeadLetter {
  readonly id: string;
  /** When it was given up, ISO 8601. */
  readonly at: string;
  /** A failure code of ours; `deliveries-exhausted` where Pub/Sub gave it up. */
  readonly code: string;
  readonly reason: string;
  /** Full name of the subscription that delivered it; absent where nobody knows. */
  readonly subscription?: string;
  readonly attempts?: number;
  /** The message as it was before: what a replay publishes. */
  readonly original: {
    readonly data: Uint8Array;
    readonly attributes: Readonly<Record<string, string>>;
    readonly orderingKey?: string;
  };
}

/** Reads both kinds of dead letters; `encodeDeadLetter` writes ours without any attribute of Pub/Sub's kind. */
export function readDeadLetter(message: PulledMessage): DeadLetter {
  const { messageId: id, publishTime: at, attributes, data } = message;
  const pubsubs = `${PUBSUBS}Subscription` in attributes;
  const own = Object.entries(attributes).filter(
    ([name]) => !name.startsWith(OURS) && !name.startsWith(PUBSUBS),
  );
  const orderingKey = message.orderingKey ?? attributes[`${OURS}ordering-key`];
  const subscription = pubsubs ? sourceOf(attributes) : nameOf(attributes[`${OURS}subscription`]);
  return {
    id,
    at,
    ...(pubsubs ? reasonOfPubsub(attributes) : reasonOfOurs(attributes)),
    ...(subscription === undefined ? {} : { subscription }),
    original: {
      data,
      attributes: Object.fromEntries(own),
      ...(orderingKey === undefined ? {} : { orderingKey }),
    },
  };
}

function reasonOfOurs(attributes: PulledMessage['attributes']): { code: string; reason: string } {
  const { [`${OURS}code`]: code = 'unknown', [`${OURS}reason`]: reason = 'No reason was given' } =
    attributes;
  return { code, reason };
}

function reasonOfPubsub(attributes: PulledMessage['attributes']): {
  code: string;
  reason: string;
  attempts?: number;
} {
  const attempts = Number(attributes[`${PUBSUBS}DeliveryCount`]);
  const known = Number.isSafeInteger(attempts) && attempts > 0;
  return {
    code: 'deliveries-exhausted',
    reason: `Given up by Pub/Sub${known ? ` after ${attempts} deliveries` : ''}: see the log of the function for why`,
    ...(known ? { attempts } : {}),
  };
}

function sourceOf(attributes: PulledMessage['attributes']): string | undefined {
  const project = attributes[`${PUBSUBS}SubscriptionProject`] ?? '';
  const id = attributes[`${PUBSUBS}Subscription`] ?? '';
  return nameOf(`projects/${project}/subscriptions/${id}`);
}

function nameOf(name: string | undefined): string | undefined {
  return name !== undefined && parsePubsubName(name)?.kind === 'subscriptions' ? name : undefined;
}
