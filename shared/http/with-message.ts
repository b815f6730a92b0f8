import type { Context } from 'hono';
import { LRUCache } from 'lru-cache';
import { defined } from '#shared/core/defined.ts';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import { MESSAGE_ROUTES, type Meter, noMeter } from '#shared/telemetry/metrics.ts';
import { noTracing, type Span, type Tracing } from '#shared/core/tracing.ts';
import type { CheckCaller } from './access.ts';
import type { AppEnv } from './app.ts';
import { type Message, readEnvelope } from './envelope.ts';
import { giveUp } from './give-up.ts';
import { MAX_COUNTED_MESSAGES, MAX_REASON_CHARACTERS, NACK_RETRY_AFTER_SECONDS } from './limits.ts';
import type { Log } from './log.ts';
import { answerProblem, problemOf, retryAfterSeconds } from './problem.ts';
import { parseTraceparent } from './trace.ts';

/** A message that can never be understood, with why. */
export interface DeadLetter {
  /** Short enough for an attribute. */
  readonly reason: string;
  readonly code: CountersignError['code'];
  /** The data of the message; the whole body where not even the envelope could be read. */
  readonly data: Uint8Array;
  readonly message?: Message;
}

export interface MessageDeps {
  readonly checkCaller: CheckCaller;
  /** Publishes on the dead-letter topic; a failure of it nacks, so that nothing is lost. */
  readonly deadLetter: (letter: DeadLetter) => Promise<void>;
  /** Keeps a message that is given up: no retry will mend it (a permission is missing), or none has for long enough. */
  readonly reportFailure: (failure: CountersignError, message: Message) => Promise<void>;
  readonly now: () => Date;
  /** How long a message of this endpoint is worth retrying, in milliseconds; absent: as long as its failure says. */
  readonly patienceMs?: number;
  readonly tracing?: Tracing;
  readonly meter?: Meter;
}

export interface MessageContext {
  readonly log: Log;
}

export type HandleMessage = (message: Message, context: MessageContext) => Promise<void>;

/** Failures that are the message's own fault. */
const NOT_UNDERSTOOD = new Set<CountersignError['code']>(['bad-request', 'bad-reference']);

/**
 * The shape of every Pub/Sub endpoint: token, envelope, handler, answer. Acknowledges (200, for the emulator knows no
 * other) what is done, what can never be understood and what no retry can help, or none has helped for long enough;
 * nacks the rest, and refused callers.
 */
export function withMessage(
  handle: HandleMessage,
  deps: MessageDeps,
): (c: Context<AppEnv>) => Promise<Response> {
  const { tracing = noTracing } = deps;
  const failed = new LRUCache<string, number>({ max: MAX_COUNTED_MESSAGES });
  return async function answerMessage(c) {
    await deps.checkCaller(c.req.raw.headers);
    const body = new Uint8Array(await c.req.arrayBuffer());
    const { headers } = c.req.raw;
    let message: Message;
    try {
      message = readEnvelope({ headers, body, receivedAt: deps.now() });
    } catch (error) {
      return refuse(c, deps, { failure: toFailure(error), data: body });
    }
    return traceMessage(message, tracing, (span) => answer(c, message, span));
  };

  async function answer(c: Context<AppEnv>, message: Message, span: Span): Promise<Response> {
    const log = c.get('log').child(describe(message));
    try {
      await handle(message, { log });
      return acknowledge();
    } catch (error) {
      const failure = toFailure(error);
      span.set({ 'error.type': failure.code });
      if (NOT_UNDERSTOOD.has(failure.code)) {
        return refuse(c, deps, { failure, data: message.data, message });
      }
      const failures = (failed.get(message.messageId) ?? 0) + 1;
      failed.set(message.messageId, failures);
      const patience = { now: deps.now(), failures, patienceMs: deps.patienceMs };
      const final = giveUp(failure, message, defined(patience));
      const counts = countsOf(c, deps);
      if (final === undefined) return nack(failure, log, counts);
      log.error({ error: final }, 'Message failed for good');
      return settle(() => deps.reportFailure(final, message), final, log, counts);
    }
  }
}

interface Counts {
  retried(failure: CountersignError): void;
  givenUp(failure: CountersignError): void;
}

/** Counts what becomes of messages that failed, by the route they came to. */
function countsOf(c: Context<AppEnv>, { meter = noMeter }: MessageDeps): Counts {
  const route = MESSAGE_ROUTES.find((known) => known === c.req.path) ?? '/';
  return {
    retried: ({ code }) => meter.record('retries', 1, { code, route }),
    givenUp: ({ code }) => meter.record('given_up', 1, { code, route }),
  };
}

async function refuse(
  c: Context<AppEnv>,
  deps: MessageDeps,
  letter: { failure: CountersignError; data: Uint8Array; message?: Message },
): Promise<Response> {
  const { failure, ...rest } = letter;
  const log = c.get('log').child(letter.message === undefined ? {} : describe(letter.message));
  log.error({ error: failure }, 'Message cannot be understood');
  const reason = cleanLine(cutText(failure.message, MAX_REASON_CHARACTERS));
  const publish = () => deps.deadLetter({ reason, code: failure.code, ...rest });
  return settle(publish, failure, log, countsOf(c, deps));
}

/** Acknowledges a message that `failure` ended once `publish` has succeeded. */
async function settle(
  publish: () => Promise<void>,
  failure: CountersignError,
  log: Log,
  counts: Counts,
): Promise<Response> {
  try {
    await publish();
    counts.givenUp(failure);
    return acknowledge();
  } catch (error) {
    return nack(toFailure(error), log, counts);
  }
}

function acknowledge(): Response {
  return Response.json({ status: 'acknowledged' });
}

/** 429 where the failure names a time to wait, which slows the subscription down too; 503 otherwise. */
function nack(failure: CountersignError, log: Log, counts: Counts): Response {
  log.warn({ error: failure }, 'Message will be retried');
  counts.retried(failure);
  const patient = failure.retryAfterMs !== undefined;
  const body = { ...problemOf(failure), status: patient ? 429 : 503 };
  const milliseconds = failure.retryAfterMs ?? NACK_RETRY_AFTER_SECONDS * 1000;
  const title = patient ? 'Too Many Requests' : 'Service Unavailable';
  const answer = answerProblem({ ...body, title }, milliseconds);
  answer.headers.set('retry-after', `${retryAfterSeconds(milliseconds)}`);
  return answer;
}

function describe(message: Message): Readonly<Record<string, unknown>> {
  const { messageId, subscription, deliveryAttempt, orderingKey, traceparent } = message;
  return { messageId, subscription, deliveryAttempt, orderingKey, publisherTrace: traceparent };
}

/**
 * Runs `work` as the step of receiving `message`: part of its publisher's trace where it has one, and linked to the
 * request that brought it. Attributes are OpenTelemetry's for messaging.
 */
function traceMessage<Result>(
  message: Message,
  tracing: Tracing,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const { traceparent = '', subscription, messageId, orderingKey, deliveryAttempt } = message;
  const publisher = parseTraceparent(traceparent);
  const name = subscription?.split('/').at(-1);
  const options = {
    kind: 'consumer',
    link: publisher === undefined ? undefined : tracing.current(),
    attributes: {
      'messaging.system': 'gcp_pubsub',
      'messaging.operation.type': 'process',
      'messaging.destination.subscription.name': name,
      'messaging.message.id': messageId,
      'messaging.gcp_pubsub.message.ordering_key': orderingKey,
      'messaging.gcp_pubsub.message.delivery_attempt': deliveryAttempt,
    },
  } as const;
  return tracing.within(publisher, () => tracing.span('receive message', options, work));
}
