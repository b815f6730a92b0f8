import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { Tracing } from '#shared/core/tracing.ts';
import { createApp } from '#shared/http/app.ts';
import { formatTraceparent, parseTraceparent, TRACE_ATTRIBUTES } from '#shared/http/trace.ts';
import { withMessage } from '#shared/http/with-message.ts';
import { createPassiveTracing } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';
import { recordMeter, recordSpans } from '#test/fakes/telemetry.ts';

const PUBLISHER = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const REQUEST = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;

interface Endpoint {
  readonly told: unknown[][];
  /** What belonged to the message while it was handled. */
  readonly current: (string | undefined)[];
  send(options: {
    attributes?: Record<string, string>;
    headers?: Record<string, string>;
  }): Promise<number>;
}

function open(
  tracing: Tracing,
  failure?: CountersignError,
  deadLetters?: CountersignError,
): Endpoint {
  const { meter, told } = recordMeter();
  const current: (string | undefined)[] = [];
  const tell = async (): Promise<void> => {
    if (deadLetters !== undefined) throw deadLetters;
  };
  const handler = withMessage(
    async () => {
      current.push(tracing.current()?.traceId);
      if (failure !== undefined) throw failure;
    },
    {
      tracing,
      meter,
      now: () => new Date('2026-11-22T05:00:00Z'),
      checkCaller: async () => ({}),
      deadLetter: tell,
      reportFailure: tell,
    },
  );
  const app = createApp({ log: recordLog().log, tracing, ready: () => Promise.resolve() });
  app.post('/tasks', handler);
  return {
    told,
    current,
    async send({ attributes = {}, headers = {} }) {
      const message = { messageId: '7', attributes, data: '', publishTime: '2026-11-22T05:00:00Z' };
      const subscription = 'projects/p/subscriptions/countersign-tasks-cluster';
      const body = JSON.stringify({ message, subscription, deliveryAttempt: 2 });
      return (await app.request('/tasks', { method: 'POST', body, headers })).status;
    },
  };
}

describe('a message', () => {
  it.each(TRACE_ATTRIBUTES)('is part of the trace of its publisher, named in %s', async (name) => {
    const { tracing, spans } = recordSpans();
    const endpoint = open(tracing);
    await endpoint.send({ attributes: { [name]: PUBLISHER }, headers: { traceparent: REQUEST } });
    expect(await spans()).toMatchObject([
      {
        name: 'receive message',
        traceId: 'a'.repeat(32),
        parent: 'b'.repeat(16),
        links: ['c'.repeat(32)],
        attributes: {
          'messaging.destination.subscription.name': 'countersign-tasks-cluster',
          'messaging.message.id': '7',
          'messaging.gcp_pubsub.message.delivery_attempt': 2,
        },
      },
    ]);
    expect(endpoint.current).toEqual(['a'.repeat(32)]);
  });

  it.each([
    ['traceparent', { traceparent: REQUEST }],
    ["Google's header", { 'x-cloud-trace-context': `${'c'.repeat(32)}/1;o=1` }],
  ])('of no sender is part of the trace of its request: %s', async (_, headers) => {
    const { tracing, spans } = recordSpans();
    await open(tracing).send({ headers, attributes: { googclient_traceparent: 'nonsense' } });
    expect(await spans()).toMatchObject([{ traceId: 'c'.repeat(32), links: [] }]);
  });

  it('begins a trace where there is none', async () => {
    const { tracing, spans } = recordSpans();
    await open(tracing).send({});
    expect(await spans()).toMatchObject([{ parent: undefined, status: 0 }]);
  });

  it('keeps its trace where no collector takes spans', async () => {
    const endpoint = open(createPassiveTracing(new AsyncLocalStorage()));
    await endpoint.send({ attributes: { googclient_traceparent: PUBLISHER } });
    await endpoint.send({ headers: { traceparent: REQUEST } });
    await endpoint.send({});
    expect(endpoint.current).toEqual(['a'.repeat(32), 'c'.repeat(32), undefined]);
  });

  it('that fails is a failed step, and counted by what became of it', async () => {
    const { tracing, spans } = recordSpans();
    const outage = new CountersignError('registry-unavailable', 'Later');
    const retried = open(tracing, outage);
    expect(await retried.send({})).toBe(503);
    expect(retried.told).toEqual([['retries', 1, { code: outage.code, route: '/tasks' }]]);
    const denied = new CountersignError('registry-denied', 'Never');
    const given = open(tracing, denied);
    expect(await given.send({})).toBe(200);
    expect(given.told).toEqual([['given_up', 1, { code: denied.code, route: '/tasks' }]]);
    const unread = open(tracing, new CountersignError('bad-request', 'What'));
    expect(await unread.send({})).toBe(200);
    expect(unread.told).toEqual([['given_up', 1, { code: 'bad-request', route: '/tasks' }]]);
    expect(
      (await spans()).map(({ status, attributes }) => [status, attributes['error.type']]),
    ).toEqual([outage.code, denied.code, 'bad-request'].map((code) => [2, code]));
  });

  it('that could not even be given up is a retry, and no dead letter', async () => {
    const lost = new CountersignError('publish-failed', 'No broker');
    const endpoint = open(
      recordSpans().tracing,
      new CountersignError('registry-denied', 'Never'),
      lost,
    );
    expect(await endpoint.send({})).toBe(503);
    expect(endpoint.told).toEqual([['retries', 1, { code: lost.code, route: '/tasks' }]]);
  });
});

describe('formatTraceparent()', () => {
  it.each([PUBLISHER, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`])(
    'writes what is read: %s',
    (text) => {
      const trace = parseTraceparent(text);
      expect(trace && formatTraceparent(trace)).toBe(text);
    },
  );
});
