import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { type App, createApp } from '#shared/http/app.ts';
import { createPassiveTracing, type TraceContext } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';
import { recordMeter } from '#test/fakes/telemetry.ts';

function open(ready: () => Promise<void> = () => Promise.resolve()): {
  app: App;
  lines: ReturnType<typeof recordLog>['lines'];
} {
  const { log, lines } = recordLog();
  const app = createApp({ log, ready });
  app.get('/thing/:id', (c) => c.json({ id: c.req.param('id') }));
  app.post('/thing/:id', (c) => c.json({ id: c.req.param('id') }));
  return { app, lines };
}

describe('createApp()', () => {
  it('is healthy even when it is not ready', async () => {
    const { app } = open(() => Promise.reject(new CountersignError('store-unavailable', 'Gone')));
    expect((await app.request('/health')).status).toBe(200);
    const answer = await app.request('/ready');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'store-unavailable', detail: 'Gone' });
  });

  it('is ready when it is', async () => {
    const answer = await open().app.request('/ready');
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }]);
  });

  it.each<[FailureCode, string]>([
    ['too-large', 'Content Too Large'],
    ['registry-not-allowed', 'Unprocessable Content'],
    ['cluster-not-found', 'Not Found'],
  ])('gives a problem of %s the phrase of RFC 9110', async (code, title) => {
    const { app } = open(() => Promise.reject(new CountersignError(code, 'No')));
    expect(await (await app.request('/ready')).json()).toMatchObject({ code, title });
  });

  it('answers 404 as a problem', async () => {
    const answer = await open().app.request('/nothing');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      status: 404,
      code: 'not-found',
      type: 'about:blank',
    });
  });

  it('answers 405 as a problem that lists what is allowed', async () => {
    const answer = await open().app.request('/thing/1', { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await answer.json()).toMatchObject({ status: 405, code: 'method-not-allowed' });
  });

  it.each<[FailureCode, number]>([
    ['bad-request', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['cluster-not-found', 404],
    ['cluster-conflict', 409],
    ['too-large', 413],
    ['registry-denied', 502],
    ['registry-unavailable', 503],
    ['deadline-exceeded', 504],
  ])('answers a failure %s with %i and its text', async (code, status) => {
    const { app, lines } = open();
    app.get('/fail', () => {
      throw new CountersignError(code, 'What to do');
    });
    const answer = await app.request('/fail');
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, status, detail: 'What to do' });
    const httpRequest = { requestMethod: 'GET', requestUrl: '/fail', status };
    expect(lines).toMatchObject([{ level: 'warn', message: 'Request failed', httpRequest }]);
  });

  it('keeps the text of an unexpected failure to the log', async () => {
    const { app, lines } = open();
    app.get('/fail', () => {
      throw new Error('secret detail');
    });
    const answer = await app.request('/fail');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
    expect(lines).toMatchObject([{ level: 'error' }]);
  });

  it('passes on how long to wait, and what to authenticate with', async () => {
    const { app } = open();
    app.get('/wait', () => {
      throw new CountersignError('registry-unavailable', 'Later', { retryAfterMs: 2001 });
    });
    app.get('/who', () => {
      throw new CountersignError('unauthenticated', 'Who');
    });
    expect((await app.request('/wait')).headers.get('retry-after')).toBe('3');
    expect((await app.request('/who')).headers.get('www-authenticate')).toBe('Bearer');
  });

  it('answers a request as part of its trace, and sends its spans before the answer', async () => {
    const context: TraceContext = new AsyncLocalStorage();
    const seen: unknown[] = [];
    const app = createApp({
      log: recordLog().log,
      ready: () => Promise.resolve(),
      tracing: createPassiveTracing(context),
      flush: async () => {
        seen.push('flushed');
      },
    });
    app.get('/log', (c) => {
      seen.push(context.getStore()?.traceId);
      return c.text('');
    });
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await app.request('/log', { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } });
    expect(seen).toEqual([trace, 'flushed']);
  });

  it('counts what was answered with 5xx, by its code', async () => {
    const { meter, told } = recordMeter();
    const app = createApp({ log: recordLog().log, ready: () => Promise.resolve(), meter });
    const codes: readonly FailureCode[] = ['store-unavailable', 'bad-request', 'internal'];
    for (const code of codes) {
      app.get(`/${code}`, () => {
        throw new CountersignError(code, 'Why');
      });
    }
    for (const code of codes) await app.request(`/${code}`);
    expect(told).toEqual([
      ['request_failures', 1, { code: 'store-unavailable' }],
      ['request_failures', 1, { code: 'internal' }],
    ]);
  });
});
