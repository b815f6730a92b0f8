import type { Lease } from './backlog.ts';
import type { PushRequest } from './push-client.ts';

export interface PushTarget {
  pushEndpoint: string;
  oidcToken?: { serviceAccountEmail: string; audience: string } | undefined;
  noWrapper?: { writeMetadata: boolean } | undefined;
}

export interface PushContext {
  subscription: string;
  target: PushTarget;
  /** Only a subscription with a dead-letter policy tells its endpoint the attempt. */
  tellAttempt: boolean;
  token?: string | undefined;
}

const USER_AGENT = 'CloudPubSub-Google';

/** RFC 9110 field names, and values without control characters: others cannot be sent. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Fields of the connection and of the sender, which a publisher's attributes never set. */
const RESERVED =
  /^(?:authorization|connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent|x-goog-.*)$/i;

/** The request that carries one message to its endpoint. */
export function toPushRequest(lease: Lease, context: PushContext): PushRequest {
  const headers: Record<string, string> = { 'user-agent': USER_AGENT };
  if (context.token !== undefined) headers['authorization'] = `Bearer ${context.token}`;
  const { noWrapper, pushEndpoint } = context.target;
  if (!noWrapper) {
    headers['content-type'] = 'application/json';
    return { url: pushEndpoint, headers, body: Buffer.from(JSON.stringify(wrap(lease, context))) };
  }
  if (noWrapper.writeMetadata) Object.assign(headers, metadataHeaders(lease, context));
  return { url: pushEndpoint, headers, body: lease.message.data };
}

function wrap(lease: Lease, context: PushContext): object {
  const { data, attributes, messageId, orderingKey, publishTime } = lease.message;
  const published = new Date(publishTime).toISOString();
  return {
    ...(context.tellAttempt && { deliveryAttempt: lease.attempt }),
    message: {
      attributes,
      data: Buffer.from(data).toString('base64'),
      messageId,
      message_id: messageId,
      ...(orderingKey !== '' && { orderingKey }),
      publishTime: published,
      publish_time: published,
    },
    subscription: context.subscription,
  };
}

/** cloud.google.com/pubsub/docs/payload-unwrapping, "Write metadata". */
function metadataHeaders(lease: Lease, context: PushContext): Record<string, string> {
  const { attributes, messageId, orderingKey, publishTime } = lease.message;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !RESERVED.test(name)) {
      headers[name.toLowerCase()] = value;
    }
  }
  headers['x-goog-pubsub-subscription-name'] = context.subscription;
  headers['x-goog-pubsub-message-id'] = messageId;
  headers['x-goog-pubsub-publish-time'] = new Date(publishTime).toISOString();
  if (orderingKey !== '' && HEADER_VALUE.test(orderingKey)) {
    headers['x-goog-pubsub-ordering-key'] = orderingKey;
  }
  return headers;
}
