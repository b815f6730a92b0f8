import { defined } from '#shared/core/defined.ts';
import type { FailureCode } from '#shared/core/errors.ts';
import { MAX_ATTRIBUTE_BYTES, type TopicMessage, truncateBytes } from './encode.ts';
import { parsePubsubName } from './pubsub-names.ts';
import type { PulledMessage } from './pubsub-calls.ts';

/** What is known of a message that was given up. */
export interface GivenUp {
  readonly code: FailureCode;
  readonly reason: string;
  /** The data of the message; the whole body where not even the envelope could be read. */
  readonly data: Uint8Array;
  readonly message?: {
    readonly messageId: string;
    readonly attributes: Attributes;
    readonly subscription?: string;
    readonly orderingKey?: string;
    /** Of its publisher; an unwrapped message has it, and no attributes. */
    readonly traceparent?: string;
  };
}

type Attributes = PulledMessage['attributes'];

/** Attributes that say why a message was given up, and where. */
const OURS = 'countersign-';

/** What Pub/Sub itself adds to a message that it gives up (docs/facts/google-cloud.md#pubsub-and-cloud-run). */
const PUBSUBS = 'CloudPubSubDeadLetterSource';

/** Pub/Sub takes 100 attributes; ours are added to those the message came with, and must not be the ones too many. */
const MAX_COPIED_ATTRIBUTES = 90;

/**
 * The message for the dead-letter topic: its own data and attributes, and why it was given up, so that it can be
 * found and replayed. A sender's attributes cannot pass for ours, nor for Pub/Sub's.
 */
export function encodeDeadLetter({ code, reason, data, message }: GivenUp): TopicMessage {
  const copied = sendersOf(message?.attributes ?? {}).slice(0, MAX_COPIED_ATTRIBUTES);
  return {
    data,
    attributes: defined({
      // A replay is part of what first led to the message.
      googclient_traceparent: message?.traceparent,
      ...Object.fromEntries(copied),
      'countersign-code': code,
      'countersign-reason': truncateBytes(reason, MAX_ATTRIBUTE_BYTES),
      'countersign-message-id': message?.messageId,
      'countersign-subscription': message?.subscription,
      // As an attribute: under a key of its own, letters of one cluster would wait for each other here, too.
      'countersign-ordering-key': message?.orderingKey,
    }),
  };
}

/** The attributes that are neither ours nor Pub/Sub's. */
function sendersOf(attributes: Attributes): readonly (readonly [string, string])[] {
  return Object.entries(attributes).filter(
    ([name]) => !name.startsWith(OURS) && !name.startsWith(PUBSUBS),
  );
}

/** A message on the dead-letter topic, as we or Pub/Sub put it there. All of it is a claim: anyone may publish. */
export interface DeadLetter {
  readonly id: string;
  /** When it was given up, ISO 8601. */
  readonly at: string;
  /** A failure code; `deliveries-exhausted` where Pub/Sub gave it up. */
  readonly code: string;
  readonly reason: string;
  /** Full name of the subscription that delivered it; absent where it is not known. */
  readonly subscription?: string;
  readonly attempts?: number;
  /** The message as it was before: what a replay publishes. */
  readonly original: {
    readonly data: Uint8Array;
    readonly attributes: Attributes;
    readonly orderingKey?: string;
  };
}

/** Reads both kinds of dead letters; `encodeDeadLetter` writes ours without any attribute of Pub/Sub's kind. */
export function readDeadLetter(message: PulledMessage): DeadLetter {
  const { messageId: id, publishTime: at, attributes, data } = message;
  const pubsubs = `${PUBSUBS}Subscription` in attributes;
  const orderingKey = message.orderingKey ?? attributes[`${OURS}ordering-key`];
  const subscription = pubsubs ? sourceOf(attributes) : nameOf(attributes[`${OURS}subscription`]);
  return {
    id,
    at,
    ...(pubsubs ? reasonOfPubsub(attributes) : reasonOfOurs(attributes)),
    ...defined({ subscription }),
    original: {
      data,
      attributes: Object.fromEntries(sendersOf(attributes)),
      ...defined({ orderingKey }),
    },
  };
}

function reasonOfOurs(attributes: Attributes): Pick<DeadLetter, 'code' | 'reason'> {
  const { [`${OURS}code`]: code = 'unknown', [`${OURS}reason`]: reason = 'No reason was given' } =
    attributes;
  return { code, reason };
}

function reasonOfPubsub(attributes: Attributes): Pick<DeadLetter, 'code' | 'reason' | 'attempts'> {
  const count = Number(attributes[`${PUBSUBS}DeliveryCount`]);
  const attempts = Number.isSafeInteger(count) && count > 0 ? count : undefined;
  return {
    code: 'deliveries-exhausted',
    reason: `Given up by Pub/Sub${attempts ? ` after ${attempts} deliveries` : ''}: see the log of the function for why`,
    ...defined({ attempts }),
  };
}

function sourceOf(attributes: Attributes): string | undefined {
  const project = attributes[`${PUBSUBS}SubscriptionProject`] ?? '';
  const id = attributes[`${PUBSUBS}Subscription`] ?? '';
  return nameOf(`projects/${project}/subscriptions/${id}`);
}

function nameOf(name: string | undefined): string | undefined {
  return name !== undefined && parsePubsubName(name)?.kind === 'subscriptions' ? name : undefined;
}
