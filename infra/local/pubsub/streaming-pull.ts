import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import type * as z from 'zod';
import { grpcCodec } from './codec.ts';
import { encodeLease } from './encode.ts';
import type { Engine } from './engine.ts';
import { ACK_DEADLINE_SECONDS } from './limits.ts';
import { PubsubError, toPubsubError } from './pubsub-error.ts';
import { parseRequest, requests } from './schema.ts';
import type { Subscription } from './subscription.ts';

type Request = z.output<typeof requests.streamingPull>;

/**
 * Subscriber.StreamingPull: the first request names the subscription and the terms, later ones
 * acknowledge, extend, or change the stream's deadline.
 */
export function handleStreamingPull(engine: Engine): handleBidiStreamingCall<unknown, object> {
  return (call) => {
    let session: { take: (request: Request) => void; stop: () => void } | undefined;
    call.on('data', (raw: unknown) => {
      try {
        const request = parseRequest(requests.streamingPull, raw);
        session ??= openSession(engine, call, request);
        session.take(request);
      } catch (error) {
        session?.stop();
        fail(call, toPubsubError(error));
      }
    });
    call.on('end', () => {
      session?.stop();
      call.end();
    });
    call.on('cancelled', () => session?.stop());
    call.on('error', () => session?.stop());
  };
}

function openSession(engine: Engine, call: ServerDuplexStream<unknown, object>, first: Request) {
  const subscription = engine.subscription(first.subscription);
  const settings = subscription.settings();
  if (settings.push) {
    throw new PubsubError('FAILED_PRECONDITION', `${settings.name} pushes: it cannot be streamed`);
  }
  let deadline = checkDeadline(first.streamAckDeadlineSeconds);
  call.write({
    subscriptionProperties: { messageOrderingEnabled: settings.enableMessageOrdering },
  });
  const stop = subscription.streams.open({
    deadlineMs: () => deadline * 1_000,
    maxOutstanding: first.maxOutstandingMessages,
    deliver(leases) {
      const current = subscription.settings();
      const receivedMessages = leases.map((lease) => encodeLease(lease, current, grpcCodec));
      call.write({ receivedMessages });
    },
    onEnd: (reason) => fail(call, reason),
  });
  return {
    stop,
    take(request: Request) {
      if (request.streamAckDeadlineSeconds !== 0) {
        deadline = checkDeadline(request.streamAckDeadlineSeconds);
      }
      settle(subscription, request);
    },
  };
}

function settle(subscription: Subscription, request: Request): void {
  if (request.ackIds.length > 0) subscription.acknowledge(request.ackIds);
  for (const [index, ackId] of request.modifyDeadlineAckIds.entries()) {
    const seconds = request.modifyDeadlineSeconds[index];
    if (seconds === undefined) {
      throw new PubsubError('INVALID_ARGUMENT', 'modifyDeadlineSeconds is too short');
    }
    subscription.modifyAckDeadline([ackId], seconds);
  }
}

function checkDeadline(seconds: number): number {
  const { min, max } = ACK_DEADLINE_SECONDS;
  if (seconds >= min && seconds <= max) return seconds;
  throw new PubsubError('INVALID_ARGUMENT', `streamAckDeadlineSeconds is ${seconds}`);
}

function fail(call: ServerDuplexStream<unknown, object>, error: PubsubError): void {
  call.emit('error', { code: error.grpcCode, details: error.message });
}
