import {
  ATTRIBUTES_PER_MESSAGE,
  ATTRIBUTE_KEY_LIMIT,
  ATTRIBUTE_VALUE_LIMIT,
  MESSAGE_LIMIT,
  ORDERING_KEY_LIMIT,
} from './limits.ts';
import { PubsubError } from './pubsub-error.ts';

/** A message as its publisher hands it in. */
export interface Draft {
  data: Uint8Array;
  attributes: Readonly<Record<string, string>>;
  /** Empty: no order asked for. */
  orderingKey: string;
}

/** A message as the service keeps it. */
export interface Message extends Draft {
  messageId: string;
  /** Milliseconds since the epoch. */
  publishTime: number;
}

/** The bytes that count towards the message limit. */
function messageSize(draft: Draft): number {
  let size = draft.data.byteLength + Buffer.byteLength(draft.orderingKey);
  for (const [key, value] of Object.entries(draft.attributes)) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return size;
}

/** Refuses, with INVALID_ARGUMENT, what the real service would not take. */
export function checkDraft(draft: Draft): void {
  const attributes = Object.entries(draft.attributes);
  if (draft.data.byteLength === 0 && attributes.length === 0) refuse('Some messages are empty');
  if (attributes.length > ATTRIBUTES_PER_MESSAGE) {
    refuse(`A message has more than ${ATTRIBUTES_PER_MESSAGE} attributes`);
  }
  for (const [key, value] of attributes) checkAttribute(key, value);
  if (Buffer.byteLength(draft.orderingKey) > ORDERING_KEY_LIMIT) {
    refuse(`The ordering key is longer than ${ORDERING_KEY_LIMIT} bytes`);
  }
  if (messageSize(draft) > MESSAGE_LIMIT) {
    refuse(`A message is larger than ${MESSAGE_LIMIT} bytes`);
  }
}

function checkAttribute(key: string, value: string): void {
  if (key === '') refuse('An attribute key is empty');
  // "goog" is reserved, yet client libraries carry their trace context in googclient_ attributes.
  if (key.startsWith('goog') && !key.startsWith('googclient_')) {
    refuse(`The attribute key "${key.slice(0, ATTRIBUTE_KEY_LIMIT)}" starts with goog`);
  }
  if (Buffer.byteLength(key) > ATTRIBUTE_KEY_LIMIT) {
    refuse(`An attribute key is longer than ${ATTRIBUTE_KEY_LIMIT} bytes`);
  }
  if (Buffer.byteLength(value) > ATTRIBUTE_VALUE_LIMIT) {
    refuse(`The value of the attribute "${key}" is longer than ${ATTRIBUTE_VALUE_LIMIT} bytes`);
  }
}

function refuse(reason: string): never {
  throw new PubsubError('INVALID_ARGUMENT', reason);
}
