import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import { startChild } from '#test/fakes/child.ts';
import type { Child } from '#test/fakes/child.ts';

const file = fileURLToPath(new URL('function.ts', import.meta.url));
const HOST = 'Host: x\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const JSON_TYPE = { 'content-type': 'application/json' };
let child: Child;
let port: number;
let url: string;

const SHORT = { DRAIN_LIMIT_MS: '100' };
/** What a test does not wait for does not come. */
const NEVER = { BODY_DEADLINE_MS: '600000', DRAIN_LIMIT_MS: '600000' };

async function start(limits: Readonly<Record<string, string>> = {}): Promise<void> {
  child = startChild(file, { PORT: '0', ...NEVER, ...limits });
  port = Number((await child.line('Listening')).port);
  url = `http://127.0.0.1:${port}`;
}

async function stop(): Promise<void> {
  child.kill('SIGKILL');
  await child.exited;
}

describe('serveFunction() reads bodies itself', () => {
  beforeAll(() => start());
  afterAll(stop);

  it.each([
    ['malformed JSON', '{bad', JSON_TYPE],
    ['an unknown charset', '{}', { 'content-type': 'application/json; charset=nonsense' }],
    ['a false content-encoding', '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a CloudEvent', '{bad', { 'content-type': 'application/cloudevents+json' }],
    ['no body', '', {}],
  ])('hands %s to the handler as it came', async (_case, body, headers) => {
    const answer = await fetch(`${url}/echo`, { method: 'POST', body, headers });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ body });
  });

  it('takes a body of exactly the limit', async () => {
    const answer = await fetch(`${url}/echo`, { method: 'POST', body: 'x'.repeat(1000) });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['a declared length', 'x'.repeat(1001)],
    ['no declared length', stream(5, 'x'.repeat(1000))],
    ['far more than buffers hold', stream(200, 'x'.repeat(100_000))],
  ])('answers a problem to a larger body with %s', async (_case, body) => {
    const init = { method: 'POST', body, headers: JSON_TYPE, duplex: 'half' } as const;
    const answer = await fetch(`${url}/echo`, init);
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'too-large', status: 413 });
  });

  it('survives a client that hangs up in the middle of its body', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(child.noise).toEqual([]);
  });

  it('answers a path that cannot be decoded without a stack trace', async () => {
    const text = await rawRequest('GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"code":"bad-request"');
    expect(text).not.toContain('    at ');
  });

  it.each([
    'OPTIONS *',
    'GET *',
    'GET health',
    'GET http://',
    'GET http://[/health',
    'GET ftp://x/',
  ])('answers a problem to "%s", which is no path', async (line) => {
    const text = await rawRequest(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).not.toContain('<html');
  });

  it.each(['Host: a b', 'Host: a/b', 'Host: a@b', 'Host: x:99999', 'Host: ['])(
    'answers a problem to "%s", which is no host',
    async (header) => {
      const text = await rawRequest(
        `GET /health HTTP/1.1\r\n${header}\r\nConnection: close\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain('application/problem+json');
    },
  );

  it.each([
    [
      'a header that is too large',
      `GET /health HTTP/1.1\r\n${HOST}X: ${'x'.repeat(20_000)}\r\n`,
      431,
      'too-large',
    ],
    ['what is no HTTP', 'cake', 400, 'bad-request'],
    [
      'two lengths',
      `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 1\r\n${CHUNKED}`,
      400,
      'bad-request',
    ],
    [
      'a chunk without a length',
      `POST /echo HTTP/1.1\r\n${HOST}${CHUNKED}\r\ncake\r\n`,
      400,
      'bad-request',
    ],
    [
      'chunks with much beside them',
      `POST /echo HTTP/1.1\r\n${HOST}${CHUNKED}\r\n1;${'x'.repeat(20_000)}`,
      413,
      'too-large',
    ],
    [
      'an expectation',
      `GET /health HTTP/1.1\r\n${HOST}Expect: cake\r\nConnection: close\r\n`,
      417,
      'bad-request',
    ],
    ['no host', 'GET /health HTTP/1.1\r\nX: cake\r\nConnection: close\r\n', 400, 'bad-request'],
  ])('answers a problem to %s', async (_case, sent, status, code) => {
    const text = await rawRequest(`${sent}\r\n`);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/^content-type: application\/problem\+json$/im);
    expect(head).toMatch(/^connection: close$/im);
    expect(head).toMatch(new RegExp(`^content-length: ${Buffer.byteLength(body)}$`, 'im'));
    expect(JSON.parse(body)).toMatchObject({ status, code });
    expect(text).not.toMatch(/cake|xxx/);
  });

  it('writes no problem into an answer that has begun', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    let answers = 0;
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`GET /endless HTTP/1.1\r\n${HOST}\r\n`);
    socket.setEncoding('latin1').once('data', () => socket.write('cake\r\n\r\n'));
    socket.on('data', (text: string) => {
      answers += text.match(/HTTP\/1\.1 /g)?.length ?? 0;
    });
    await ended;
    expect(answers).toBe(1);
  });

  it('takes a request without a host, as HTTP/1.0 may send it', async () => {
    expect(await rawRequest('GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('takes a whole URL as target, as a proxy sends it', async () => {
    const line = 'GET http://x/health?a=b';
    const text = await rawRequest(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it('serveFunction() gives up on a body that comes too slowly', async () => {
  await start({ BODY_DEADLINE_MS: '100' });
  onTestFinished(stop);
  const text = await rawRequest('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(text).toContain('"code":"deadline-exceeded"');
});

describe('serveFunction() stops well', () => {
  beforeEach(() => start());
  afterEach(stop);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers the request in flight, closes and exits 0 on %s',
    async (signal) => {
      const slow = fetch(`${url}/slow`);
      await child.line('Slow request began');
      child.kill(signal);
      await child.line('Draining');
      await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
      child.kill('SIGUSR2');
      const answer = await slow;
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ slow: true });
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.lines.map(({ message }) => message).slice(-2)).toEqual(['Closed', 'Stopped']);
    },
  );

  it('does not wait for idle connections', async () => {
    // fetch keeps its connection alive.
    await (await fetch(`${url}/health`)).text();
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('does not wait after a second Ctrl-C', async () => {
    const stuck = fetch(`${url}/stuck`).catch((error: unknown) => error);
    await child.line('Stuck request began');
    child.kill('SIGINT');
    await child.line('Draining');
    child.kill('SIGINT');
    await stuck;
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.lines.some(({ severity }) => severity === 'WARNING')).toBe(false);
  });

  it('logs an unhandled rejection, and goes on', async () => {
    const answer = await fetch(`${url}/reject`);
    expect(answer.status).toBe(200);
    expect(await child.line('Unhandled rejection')).toMatchObject({ severity: 'ERROR' });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(child.noise).toEqual([]);
  });

  it('logs an uncaught exception, drains and exits 1', async () => {
    await fetch(`${url}/throw`);
    expect(await child.line('Uncaught exception')).toMatchObject({
      severity: 'ERROR',
      causes: ['Error: thrown outside of every request'],
    });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.noise).toEqual([]);
  });

  it('names port and variable when the port is taken', async () => {
    const second = startChild(file, { ...NEVER, PORT: `${port}` });
    const { error, code } = await second.line('Start failed');
    expect(code).toBe('bad-config');
    expect(error).toContain(`${port}`);
    expect(error).toContain('PORT');
    expect(await second.exited).toEqual({ code: 1, signal: null });
  });
});

describe('serveFunction() that may not drain for long', () => {
  beforeEach(() => start(SHORT));
  afterEach(stop);

  it('hands back what does not finish within the limit, and says so', async () => {
    const stuck = fetch(`${url}/stuck`);
    await child.line('Stuck request began');
    child.kill('SIGTERM');
    expect(await child.line('Requests were handed back')).toMatchObject({
      severity: 'WARNING',
      inFlight: 1,
    });
    const answer = await stuck;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.noise).toEqual([]);
  });

  it('survives a handler that answers after it was handed back', async () => {
    const late = fetch(`${url}/late`);
    await child.line('Late request began');
    child.kill('SIGTERM');
    expect((await late).status).toBe(503);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.lines.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  });

  it('cuts off a caller who does not take the answer', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
    await child.line('Endless answer began');
    socket.pause();
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    socket.destroy();
  });
});

function stream(times: number, chunk: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(chunk);
  let left = times;
  return new ReadableStream({
    pull(controller) {
      left -= 1;
      if (left < 0) controller.close();
      else controller.enqueue(bytes);
    },
  });
}

/** Everything that comes back until the other side closes. */
function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
    socket.on('end', () => socket.end()).on('close', () => resolve(received));
    socket.on('error', reject);
  });
}
