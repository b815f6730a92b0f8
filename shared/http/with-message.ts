import type { Context } from 'hono';
import { LRUCache } from 'lru-cache';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import { MESSAGE_ROUTES, type Meter, noMeter } from '#shared/telemetry/metrics.ts';
import { noTracing, type Span, type Tracing } from '#shared/core/tracing.ts';
import type { CheckCaller } from './access.ts';
import type { AppEnv } from './app.ts';
import { type Message, readEnvelope } from './envelope.ts';
import {
  MAX_COUNTED_MESSAGES,
  MAX_DELIVERIES,
  MAX_REASON_CHARACTERS,
  MIN_DELIVERIES,
  NACK_RETRY_AFTER_SECONDS,
} from './limits.ts';
import type { Log } from './log.ts';
import { answerProblem, problem, problemOf } from './problem.ts';
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
    const { headers } = c.req.raw;
    const body = new Uint8Array(await c.req.arrayBuffer());
    const ending: Ending = { log: c.get('log'), counts: countsOf(c, deps) };
    let message: Message;
    try {
      message = readEnvelope({ headers, body, receivedAt: deps.now() });
    } catch (error) {
      return refuse(toFailure(error), { data: body }, ending);
    }
    const log = ending.log.child(describe(message));
    return traceMessage(message, tracing, (span) => answer(message, span, { ...ending, log }));
  };

  async function answer(message: Message, span: Span, ending: Ending): Promise<Response> {
    const { log } = ending;
    try {
      await handle(message, { log });
      return acknowledge();
    } catch (error) {
      const failure = toFailure(error);
      span.set({ 'error.type': failure.code });
      if (NOT_UNDERSTOOD.has(failure.code)) {
        return refuse(failure, { data: message.data, message }, ending);
      }
      const failures = (failed.get(message.messageId) ?? 0) + 1;
      failed.set(message.messageId, failures);
      const patience = { now: deps.now(), failures, patienceMs: deps.patienceMs };
      const final = giveUp(failure, message, defined(patience));
      if (final === undefined) return nack(failure, ending);
      log.error({ error: final }, 'Message failed for good');
      return settle(() => deps.reportFailure(final, message), final, ending);
    }
  }

  async function refuse(
    failure: CountersignError,
    letter: Pick<DeadLetter, 'data' | 'message'>,
    ending: Ending,
  ): Promise<Response> {
    ending.log.error({ error: failure }, 'Message cannot be understood');
    const reason = cleanLine(cutText(failure.message, MAX_REASON_CHARACTERS));
    const publish = () => deps.deadLetter({ reason, code: failure.code, ...letter });
    return settle(publish, failure, ending);
  }
}

/** Where it is said what became of a message. */
interface Ending {
  readonly log: Log;
  readonly counts: Readonly<Record<'retries' | 'given_up', (failure: CountersignError) => void>>;
}

/** Counts what becomes of messages that failed, by the route they came to. */
function countsOf(c: Context<AppEnv>, { meter = noMeter }: MessageDeps): Ending['counts'] {
  const route = MESSAGE_ROUTES.find((known) => known === c.req.path) ?? '/';
  return {
    retries: ({ code }) => meter.record('retries', 1, { code, route }),
    given_up: ({ code }) => meter.record('given_up', 1, { code, route }),
  };
}

/** Acknowledges a message that `failure` ended once `publish` has succeeded. */
async function settle(
  publish: () => Promise<void>,
  failure: CountersignError,
  ending: Ending,
): Promise<Response> {
  try {
    await publish();
    ending.counts.given_up(failure);
    return acknowledge();
  } catch (error) {
    return nack(toFailure(error), ending);
  }
}

function acknowledge(): Response {
  return Response.json({ status: 'acknowledged' });
}

/** 429 where the failure names a time to wait, which slows the subscription down too; 503 otherwise. */
function nack(failure: CountersignError, { log, counts }: Ending): Response {
  log.warn({ error: failure }, 'Message will be retried');
  counts.retries(failure);
  const { retryAfterMs = NACK_RETRY_AFTER_SECONDS * 1000 } = failure;
  const { code, detail } = problemOf(failure);
  return answerProblem(
    problem(failure.retryAfterMs === undefined ? 503 : 429, code, detail),
    retryAfterMs,
  );
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

interface Patience {
  readonly now: Date;
  /** How long a message of this endpoint is worth retrying, in milliseconds. */
  readonly patienceMs?: number;
  /** How often this process has seen the message fail, this time included. */
  readonly failures?: number;
}

/**
 * The one place that decides how long a message is retried: as long as its failure can pass by itself, by the time
 * since it was published and by its deliveries. Returns what to give it up with, and undefined to try again. Age alone
 * gives nothing up: a clock may jump, and a message may have waited while nothing listened. A message that does not say
 * when it was published is given up by its deliveries alone, or by its subscription.
 */
export function giveUp(
  failure: CountersignError,
  { publishTime, deliveryAttempt = 1 }: Pick<Message, 'publishTime' | 'deliveryAttempt'>,
  { now, patienceMs = Infinity, failures = 1 }: Patience,
): CountersignError | undefined {
  if (!failure.retry) return failure;
  const ageMs = now.getTime() - publishTime.getTime();
  const deliveries = Math.max(deliveryAttempt, failures);
  const old = ageMs >= Math.min(failure.retryForMs, patienceMs);
  const tired = old && deliveries >= MIN_DELIVERIES;
  if (!tired && deliveries < MAX_DELIVERIES) return undefined;
  const minutes = Math.max(0, Math.round(ageMs / 60_000));
  const message = `Given up after ${minutes} minutes and ${deliveries} deliveries: ${failure.message}`;
  return new CountersignError(failure.code, message, { cause: failure, retry: false });
}
