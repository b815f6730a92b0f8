import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { connectTo, createOpenPace } from './connect.ts';
import { sendJson, startScripted } from './scripted-server.ts';

const REF: SyncRef = { kind: 'RootSync', namespace: 'config-management-system', name: 'root-sync' };
const VERSIONED = { metadata: { resourceVersion: '41', annotations: {} } };
const UNVERSIONED = { metadata: { annotations: {} } };
const OPTIONS = { fieldManager: 'countersign' };
/** Held: it passes when the test says so. */
const CALL_MS = 54_321;

function drop(response: ServerResponse): void {
  response.socket?.destroy();
}

function busy(retryAfter: string): (response: ServerResponse) => void {
  return (response) => {
    response.setHeader('retry-after', retryAfter);
    sendJson(response, 429, { kind: 'Status', message: 'too many requests' });
  };
}

const respond503 = (response: ServerResponse): void => sendJson(response, 503, { kind: 'Status' });
const respond504 = (response: ServerResponse): void =>
  sendJson(response, 504, { error: { status: 'DEADLINE_EXCEEDED', message: 'agent is down' } });
const respondOk = (response: ServerResponse): void => sendJson(response, 200, { items: [] });

describe('an attempt that failed', () => {
  it.each([
    ['a broken connection', drop],
    ['503', respond503],
    ['504 of the gateway', respond504],
    ['429 with a short Retry-After', busy('0')],
  ])('is repeated after %s, and counted', async (_, fail) => {
    const server = await startScripted((response, __, index) =>
      index === 0 ? fail(response) : respondOk(response),
    );
    const pace = createOpenPace();
    const api = await connectTo(server.url, { pace });
    expect(await api.list('RootSync', { limit: 1 })).toEqual({ items: [] });
    expect(server.seen).toHaveLength(2);
    expect(pace.calls.list).toBe(2);
  });

  it.each([
    ['a broken connection', drop, 'cluster-unreachable'],
    ['503', respond503, 'cluster-unreachable'],
    ['429', busy('0'), 'cluster-unreachable'],
  ])('is repeated twice at most after %s', async (_, fail, code) => {
    const server = await startScripted(fail);
    const api = await connectTo(server.url);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({ code, retry: true });
    expect(server.seen).toHaveLength(3);
  });

  it('is left to the caller where Retry-After is long', async () => {
    const server = await startScripted(busy('120'));
    const api = await connectTo(server.url);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retryAfterMs: 120_000,
    });
    expect(server.seen).toHaveLength(1);
  });

  it.each([401, 403, 404, 409, 410, 422])('is final after %i', async (status) => {
    const server = await startScripted((response) =>
      sendJson(response, status, { kind: 'Status' }),
    );
    const api = await connectTo(server.url);
    await expect(api.patch(REF, VERSIONED, OPTIONS)).rejects.toMatchObject({
      name: 'CountersignError',
    });
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    ['that never answers', (): void => {}],
    [
      'that stops in the middle',
      (response: ServerResponse): void => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"items": [');
      },
    ],
  ])('is not repeated with a server %s', async (_, stall) => {
    const server = await startScripted(stall);
    using deadline = holdTimers(CALL_MS);
    const api = await connectTo(server.url, { limits: { callMs: CALL_MS } });
    const failing = api.list('RootSync', { limit: 1 });
    await server.arrived(1);
    deadline.pass();
    await expect(failing).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retry: true,
    });
    expect(server.seen).toHaveLength(1);
  });

  it('names what is wrong with a cluster that is not there', async () => {
    const api = await connectTo('http://127.0.0.1:1', { limits: { retries: 0 } });
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      message: expect.stringContaining('cluster-1'),
    });
  });
});

describe('a patch whose answer was lost', () => {
  it('is sent again where a version guards it: at worst that is a conflict', async () => {
    const server = await startScripted((response, _, index) =>
      index === 0
        ? drop(response)
        : sendJson(response, 409, { kind: 'Status', message: 'modified' }),
    );
    const api = await connectTo(server.url);
    await expect(api.patch(REF, VERSIONED, OPTIONS)).rejects.toMatchObject({
      code: 'cluster-conflict',
    });
    expect(server.seen.map(({ body }) => JSON.parse(body))).toEqual([VERSIONED, VERSIONED]);
  });

  it.each([
    ['no version', UNVERSIONED],
    ['no metadata', { spec: {} }],
  ])('is never sent again with %s', async (_, body) => {
    const server = await startScripted(drop);
    const api = await connectTo(server.url);
    await expect(api.patch(REF, body, OPTIONS)).rejects.toMatchObject({
      code: 'cluster-unreachable',
    });
    expect(server.seen).toHaveLength(1);
  });
});
