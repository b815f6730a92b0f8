import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  GoogleFailure,
  type GoogleIdentity,
  askGoogle,
  trustsOrigin,
} from '#shared/net/google-rest.ts';
import { type ScriptedServer, sendJson, startScripted } from '#test/unit/fleet/scripted-server.ts';

const TOKEN = 'ya29.a-token-of-some-length';
const LIMIT = 10_000;

function identityFor(origin: string, token = async (): Promise<string> => TOKEN): GoogleIdentity {
  return { googleToken: token, trusts: trustsOrigin(origin) };
}

interface Options {
  readonly body?: object;
  readonly path?: string;
  readonly signal?: AbortSignal;
  readonly identity?: GoogleIdentity | 'emulator';
}

async function ask(server: ScriptedServer, options: Options = {}): Promise<unknown> {
  const { body, path = '/v1/things', signal, identity = identityFor(server.url) } = options;
  const { signal: never } = new AbortController();
  const asked = {
    url: new URL(server.url + path),
    signal: signal ?? never,
    maxBytes: LIMIT,
    ...(body && { body }),
  };
  return askGoogle(asked, { fetch, identity: identity === 'emulator' ? undefined : identity });
}

async function failureOf(server: ScriptedServer, options?: Options): Promise<GoogleFailure> {
  const failure = await ask(server, options).catch((error: unknown) => error);
  if (!(failure instanceof GoogleFailure)) throw new Error(`Not a failure: ${String(failure)}`);
  return failure;
}

describe('askGoogle()', () => {
  it('gets JSON with the token', async () => {
    const server = await startScripted((response) => sendJson(response, 200, { a: 1 }));
    expect(await ask(server)).toEqual({ a: 1 });
    expect(server.seen).toMatchObject([
      { method: 'GET', url: '/v1/things', body: '', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
  });

  it('posts a body as JSON', async () => {
    const server = await startScripted((response) => sendJson(response, 200, null));
    expect(await ask(server, { body: { a: 1 } })).toBeNull();
    expect(server.seen).toMatchObject([
      { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } },
    ]);
  });

  it('shows an emulator no token', async () => {
    const server = await startScripted((response) => sendJson(response, 200, {}));
    await ask(server, { identity: 'emulator' });
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('the token', () => {
  it.each([
    ['another host', 'https://cloudkms.googleapis.com.evil.example', '/v1'],
    ['another port', 'https://cloudkms.googleapis.com:8443', '/v1'],
    ['no TLS', 'http://cloudkms.googleapis.com', '/v1'],
    ['a user', 'https://a@cloudkms.googleapis.com', '/v1'],
  ])('does not go to an address with %s', async (_, origin, path) => {
    let asked = 0;
    const identity = {
      googleToken: async () => {
        asked += 1;
        return TOKEN;
      },
      trusts: trustsOrigin('https://cloudkms.googleapis.com'),
    };
    const { signal } = new AbortController();
    const sent: unknown[] = [];
    const spy: typeof fetch = async (input) => {
      sent.push(input);
      return new Response('{}');
    };
    const url = new URL(origin + path);
    const asking = askGoogle({ url, signal, maxBytes: LIMIT }, { fetch: spy, identity });
    await expect(asking).rejects.toMatchObject({ code: 'bad-config', retry: false });
    expect([asked, sent]).toEqual([0, []]);
  });

  it('does not follow a redirect, which is not tried again', async () => {
    const evil = await startScripted((response) => sendJson(response, 200, {}));
    const server = await startScripted((response) => {
      response.writeHead(307, { location: `${evil.url}/x` }).end();
    });
    expect(await failureOf(server)).toMatchObject({ retry: false });
    expect(evil.seen).toEqual([]);
  });

  it('that cannot be had is tried for again', async () => {
    const server = await startScripted((response) => sendJson(response, 200, {}));
    const identity = identityFor(server.url, () => Promise.reject(new Error('no metadata server')));
    expect(await failureOf(server, { identity })).toMatchObject({ retry: true });
    expect(server.seen).toEqual([]);
  });

  it('is not shown by a refusal that repeats it', async () => {
    const server = await startScripted((response) =>
      sendJson(response, 403, { error: { message: `not you, ${TOKEN}` } }),
    );
    const { message } = await failureOf(server);
    expect(message).not.toContain(TOKEN);
    expect(message).toContain('[redacted]');
  });
});

describe('a refusal', () => {
  it.each([
    [400, 'INVALID_ARGUMENT', false],
    [401, 'UNAUTHENTICATED', true],
    [403, 'PERMISSION_DENIED', false],
    [404, 'NOT_FOUND', false],
    [408, 'DEADLINE_EXCEEDED', true],
    [409, 'ALREADY_EXISTS', false],
    [409, 'ABORTED', true],
    [429, 'RESOURCE_EXHAUSTED', true],
    [500, 'INTERNAL', true],
    [503, 'UNAVAILABLE', true],
  ])('%i %s says whether another attempt helps: %s', async (httpStatus, status, retry) => {
    const error = { code: httpStatus, status, message: 'No\n\u001b[31m thing' };
    for (const body of [{ error }, [{ error }]]) {
      const server = await startScripted((response) => sendJson(response, httpStatus, body));
      expect(await failureOf(server)).toMatchObject({
        httpStatus,
        status,
        retry,
        retryAfterMs: undefined,
        message: `it answered ${httpStatus} ${status}: No [31m thing`,
      });
    }
  });

  it('at the end of a stream is one', async () => {
    const error = { code: 503, status: 'UNAVAILABLE', message: 'gone' };
    const server = await startScripted((response) => sendJson(response, 200, [{}, { error }]));
    expect(await failureOf(server)).toMatchObject({ status: 'UNAVAILABLE', retry: true });
  });

  it('asks for a pause by the clock of its server', async () => {
    const server = await startScripted((response) => {
      response.setHeader('date', 'Sun, 22 Nov 2026 05:00:00 GMT');
      response.setHeader('retry-after', 'Sun, 22 Nov 2026 05:00:30 GMT');
      sendJson(response, 429, {});
    });
    expect(await failureOf(server)).toMatchObject({ retry: true, retryAfterMs: 30_000 });
  });

  it.each([
    ['a page', '<html>\n<p>Sorry</p>', 'it answered 502: <html> <p>Sorry</p>'],
    ['nothing', '', 'it answered 502: no reason given'],
    ['another shape', '{"error":"x"}', 'it answered 502: {"error":"x"}'],
    ['a status alone', '{"error":{"status":"X"}}', 'it answered 502 X: X'],
  ])('in %s is shown in one line', async (_, body, message) => {
    const server = await startScripted((response) => response.writeHead(502).end(body));
    expect(await failureOf(server)).toMatchObject({ message, retry: true });
  });

  it('without an end is cut, and left', async () => {
    const server = await startScripted((response) => {
      response.writeHead(403);
      const more = (): void => void (response.destroyed || response.write('x'.repeat(9_999), more));
      more();
    });
    const { message, retry } = await failureOf(server);
    expect([message.length < 1_100, retry]).toEqual([true, false]);
  });
});

describe('an answer', () => {
  it.each<[string, (response: ServerResponse) => void, Partial<GoogleFailure>]>([
    ['that is no JSON', (response) => response.end('<html>'), { retry: true }],
    ['that is empty', (response) => response.end(), { retry: true }],
    [
      'that is not UTF-8',
      (response) => response.end(Buffer.from([0x22, 0xff, 0x22])),
      { retry: true },
    ],
    ['that breaks off', (response) => response.destroy(), { retry: true }],
    [
      'that is shorter than it says',
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{}', () => response.destroy());
      },
      { retry: true, message: expect.stringMatching(/^it cannot be reached \(/) },
    ],
    [
      'that is too large',
      (response) => response.end(JSON.stringify('x'.repeat(LIMIT))),
      { retry: false, message: `its answer is larger than ${LIMIT} bytes` },
    ],
    [
      'that is too large once unpacked',
      (response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(JSON.stringify('x'.repeat(100 * LIMIT))));
      },
      { retry: false, message: `its answer is larger than ${LIMIT} bytes` },
    ],
  ])('%s is a failure', async (_, respond, expected) => {
    const server = await startScripted(respond);
    expect(await failureOf(server)).toMatchObject(expected);
  });

  it('that does not come ends with the signal, which is the cause', async () => {
    const server = await startScripted((response) => void response.write('{'));
    const over = new AbortController();
    const failing = failureOf(server, { signal: over.signal });
    await server.arrived(1);
    over.abort(new DOMException('Over', 'TimeoutError'));
    const { cause, retry } = await failing;
    expect(cause).toMatchObject({ name: 'TimeoutError' });
    expect(retry).toBe(true);
  });
});
