import type { FailureCode } from '#shared/core/errors.ts';
import { MAX_ATTRIBUTE_BYTES, type TopicMessage } from './encode.ts';
import { truncateBytes } from './truncate.ts';

/** What is known of a message that was given up. */
export interface GivenUp {
  readonly code: FailureCode;
  readonly reason: string;
  /** The data of the message; the whole body where not even the envelope could be read. */
  readonly data: Uint8Array;
  readonly message?: {
    readonly messageId: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly subscription?: string;
    readonly orderingKey?: string;
    /** Of its publisher; an unwrapped message has it, and no attributes. */
    readonly traceparent?: string;
  };
}

/** Attributes of ours say why a message was given up, and where. */
export const OURS = 'countersign-';

/** What Pub/Sub itself adds to a message that it gives up (facts/google-cloud.md section 2). */
export const PUBSUBS = 'CloudPubSubDeadLetterSource';

/** Pub/Sub takes 100 attributes; ours are added to those the message came with, and must not be the ones too many. */
const MAX_COPIED_ATTRIBUTES = 90;

/**
 * The message for the dead-letter topic: its own data and attributes, and why it was given up, so that it can be
 * found and replayed. A sender's attributes cannot pass for ours, nor for Pub/Sub's.
 */
export function encodeDeadLetter({ code, reason, data, message }: GivenUp): TopicMessage {
  const copied = Object.entries(message?.attributes ?? {})
    .filter(([name]) => !name.startsWith(OURS) && !name.startsWith(PUBSUBS))
    .slice(0, MAX_COPIED_ATTRIBUTES);
  return {
    data,
    attributes: {
      // A replay is part of what first led to the message.
      ...(message?.traceparent === undefined
        ? {}
        : { googclient_traceparent: message.traceparent }),
      ...Object.fromEntries(copied),
      'countersign-code': code,
      'countersign-reason': truncateBytes(reason, MAX_ATTRIBUTE_BYTES),
      ...(message === undefined ? {} : { 'countersign-message-id': message.messageId }),
      ...(message?.subscription === undefined
        ? {}
        : { 'countersign-subscription': message.subscription }),
      // As an attribute: under a key of its own, letters of one cluster would wait for each other here, too.
      ...(message?.orderingKey === undefined
        ? {}
        : { 'countersign-ordering-key': message.orderingKey }),
    },
  };
}
