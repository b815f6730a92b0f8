import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { createDirectSend } from '#shared/fleet/send-directly.ts';
import { type Outgoing, type Send, createSend } from '#shared/fleet/send-request.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { ANSWERED_MS } from '#test/patience.ts';
import { type ScriptedServer, sendJson, startScripted } from './scripted-server.ts';
import { PATIENCE } from '#test/patience.ts';

const BOUNDS = { callMs: ANSWERED_MS, answerBytes: 1_000 };
/** Held: it passes when the test says so. */
const CALL_MS = 43_210;
const KEPT = { keepAlive: true };
/** In the words of the one client or the other. */
const BROKEN = /socket hang up|aborted|other side closed|terminated/;

function to({ url }: ScriptedServer, more: Partial<Outgoing> = {}): Outgoing {
  return { server: new URL(url), path: '/version?a=b', method: 'GET', headers: {}, ...more };
}

function drop(response: ServerResponse): void {
  response.socket?.destroy();
}

describe.each<[string, (isTls: boolean) => Send]>([
  ['Node’s client', (isTls) => createSend(isTls ? new TlsAgent(KEPT) : new Agent(KEPT))],
  ['undici', () => createDirectSend()],
])('a request by %s', (_, create) => {
  it('has all that was given, and its answer is whole', async () => {
    const server = await startScripted((response) => {
      response.writeHead(418, { 'content-type': 'text/plain', 'retry-after': '7', 'x-more': 'y' });
      response.write('so ');
      setImmediate(() => response.end('long'));
    });
    const headers = { Authorization: 'Bearer t', 'Impersonate-Group': ['a', 'b'] };
    const answer = await create(false)(
      to(server, { method: 'PATCH', headers, body: '{"ä":1}' }),
      BOUNDS,
    );
    expect(answer).toMatchObject({
      status: 418,
      headers: { 'content-type': 'text/plain', 'retry-after': '7' },
    });
    expect(answer.bytes.toString()).toBe('so long');
    expect(server.seen).toMatchObject([
      {
        method: 'PATCH',
        url: '/version?a=b',
        body: '{"ä":1}',
        headers: { authorization: 'Bearer t', 'impersonate-group': 'a, b' },
      },
    ]);
  });

  it('follows no redirect', async () => {
    const server = await startScripted((response) =>
      response.writeHead(302, { location: '/elsewhere' }).end(),
    );
    await expect(create(false)(to(server), BOUNDS)).resolves.toMatchObject({ status: 302 });
    expect(server.seen).toHaveLength(1);
  });

  it('keeps its connections', async () => {
    const server = await startScripted((response) => sendJson(response, 200, {}));
    const send = create(false);
    for (let call = 0; call < 5; call += 1) await send(to(server), BOUNDS);
    // undici lets one rest for a turn after its answer.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('takes no more than was allowed, and hangs up', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const server = await startScripted((response) => {
      response.once('close', resolve);
      response.write('x'.repeat(1_001));
    });
    await expect(create(false)(to(server), BOUNDS)).rejects.toMatchObject({
      code: 'too-large',
      message: `Answer of ${new URL(server.url).host} is larger than 1000 bytes`,
    });
    await closed;
  });

  it.each([
    ['before its answer', (): void => {}],
    ['within its answer', (response: ServerResponse) => void response.write('x')],
  ])('ends at its deadline %s, and hangs up', async (__, stall) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const server = await startScripted((response) => {
      response.once('close', resolve);
      stall(response);
    });
    using deadline = holdTimers(CALL_MS);
    const failing = create(false)(to(server), { ...BOUNDS, callMs: CALL_MS });
    await server.arrived(1);
    deadline.pass();
    await expect(failing).rejects.toMatchObject({ name: 'TimeoutError' });
    await closed;
  });

  it('leaves no deadline behind', async () => {
    const server = await startScripted((response, __, index) =>
      index === 0 ? drop(response) : sendJson(response, 200, {}),
    );
    using deadline = holdTimers(CALL_MS);
    const send = create(false);
    await expect(send(to(server), { ...BOUNDS, callMs: CALL_MS })).rejects.toThrow(BROKEN);
    await send(to(server), { ...BOUNDS, callMs: CALL_MS });
    await vi.waitFor(() => expect(deadline.count()).toBe(0), PATIENCE);
  });

  it.each([
    ['before it', drop],
    ['within it', (response: ServerResponse) => void response.write('x', () => drop(response))],
  ])('fails where the connection breaks %s', async (__, broken) => {
    const server = await startScripted(broken);
    await expect(create(false)(to(server), BOUNDS)).rejects.toThrow(BROKEN);
    expect(server.seen).toHaveLength(1);
  });

  it('says why a server is not reached', async () => {
    const nowhere = to({
      url: 'http://127.0.0.1:1',
      seen: [],
      connections: () => 0,
      arrived: async () => {},
    });
    await expect(create(false)(nowhere, BOUNDS)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('believes the CA that it was given, and no other', async () => {
    const pair = createSelfSigned();
    const server = await startScripted((response) => sendJson(response, 200, {}), pair);
    const send = create(true);
    const ca = pair.cert;
    await expect(send(to(server, { tls: { ca } }), BOUNDS)).resolves.toMatchObject({ status: 200 });
    const code = 'DEPTH_ZERO_SELF_SIGNED_CERT';
    await expect(send(to(server), BOUNDS)).rejects.toMatchObject({ code });
    const other = { ca: createSelfSigned().cert };
    await expect(send(to(server, { tls: other }), BOUNDS)).rejects.toMatchObject({ code });
    const named = { ca, servername: 'other.test' };
    await expect(send(to(server, { tls: named }), BOUNDS)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(server.seen).toHaveLength(1);
    const blind = { rejectUnauthorized: false };
    await expect(send(to(server, { tls: blind }), BOUNDS)).resolves.toMatchObject({ status: 200 });
    expect(server.connections()).toBeGreaterThanOrEqual(2);
  });
});
