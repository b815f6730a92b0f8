import * as http from 'node:http';
import * as https from 'node:https';
import type { Backlog, Lease } from './backlog.ts';
import type { PushTarget } from './schema.ts';

/** Pushes under way at once, per subscription. Own: the real service adapts, up to 3,000. */
export const PUSH_CONCURRENCY = 64;

/** cloud.google.com/pubsub/docs/push: these acknowledge, every other answer does not. */
const ACKNOWLEDGING = new Set([102, 200, 201, 202, 204]);

interface PusherDeps {
  backlog: Backlog;
  client: PushClient;
  /** The ack deadline, which is also how long an endpoint may take. */
  deadlineMs: () => number;
  /** The request for a lease; may have to fetch a token first. */
  prepare: (lease: Lease) => Promise<PushRequest>;
}

export interface Pusher {
  /** Aborts what is under way and resolves when nothing is. */
  close(): Promise<void>;
}

/** Pushes whatever the backlog has, at most PUSH_CONCURRENCY at a time, until closed. */
export function startPusher(deps: PusherDeps): Pusher {
  const underWay = new Map<string, { abort: AbortController; done: Promise<void> }>();
  let closed = false;

  function pump(): void {
    if (closed) return;
    while (underWay.size < PUSH_CONCURRENCY) {
      const abort = new AbortController();
      const [lease] = deps.backlog.take({
        max: 1,
        deadlineMs: deps.deadlineMs(),
        onSettled: (_, outcome) => {
          if (outcome === 'expired' || outcome === 'closed') abort.abort();
        },
      });
      if (!lease) return;
      const done = deliver(lease, abort.signal).finally(() => {
        underWay.delete(lease.ackId);
        pump();
      });
      underWay.set(lease.ackId, { abort, done });
    }
  }

  async function deliver(lease: Lease, signal: AbortSignal): Promise<void> {
    const { ackId } = lease;
    try {
      const request = await Promise.race([deps.prepare(lease), rejectOnAbort(signal)]);
      const status = await deps.client.send(request, signal);
      if (ACKNOWLEDGING.has(status)) deps.backlog.ack(ackId);
      else deps.backlog.nack(ackId);
    } catch {
      // Not reached. After an expiry the lease is gone and this does nothing.
      deps.backlog.nack(ackId);
    }
  }

  const unsubscribe = deps.backlog.onReady(pump);
  pump();
  return {
    async close() {
      closed = true;
      unsubscribe();
      const pending = [...underWay.values()];
      for (const { abort } of pending) abort.abort();
      await Promise.all(pending.map(({ done }) => done));
    },
  };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Push aborted')), { once: true });
  });
}

export interface PushContext {
  subscription: string;
  target: PushTarget;
  /** Only a subscription with a dead-letter policy sends its endpoint the attempt. */
  showAttempt: boolean;
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
    ...(context.showAttempt && { deliveryAttempt: lease.attempt }),
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

export interface PushRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface PushClient {
  /** Posts and answers the status that decides, 102 included. Redirects are not followed. */
  send(request: PushRequest, signal: AbortSignal): Promise<number>;
  /** Closes the connections that are kept open. */
  close(): void;
}

/**
 * A POST over kept connections. `node:http`, because fetch hides 1xx answers and 102 is an
 * acknowledgement.
 *
 * @example const status = await createPushClient().send({ url, headers, body }, signal);
 */
export function createPushClient(): PushClient {
  const agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true }),
  };
  return {
    send(request, signal) {
      return new Promise((resolve, reject) => {
        const { url, body } = request;
        const headers = { ...request.headers, 'content-length': body.byteLength };
        const options = { method: 'POST', signal, headers };
        const outgoing = url.startsWith('https:')
          ? https.request(url, { ...options, agent: agents.https })
          : http.request(url, { ...options, agent: agents.http });
        outgoing.on('information', ({ statusCode }) => {
          if (statusCode === 102) resolve(statusCode);
        });
        outgoing.on('response', (response) => {
          resolve(response.statusCode ?? 0);
          // The rest is read and forgotten, to reuse the connection; a break in it decides nothing.
          response.on('error', () => {}).resume();
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
