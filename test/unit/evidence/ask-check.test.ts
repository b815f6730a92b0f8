import { describe, expect, it } from 'vitest';
import type { CheckQuestion, Finding } from '#shared/core/rollout/checks.ts';
import { type AskCheckDeps, createAskCheck } from '#shared/evidence/ask-check.ts';
import { type HeldTimers, holdTimers } from '#test/fixtures/held-timers.ts';
import { type ScriptedServer, startScripted } from '#test/unit/fleet/scripted-server.ts';
import { GOOD, HOSTILE_ANSWERS } from './hostile-answers.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const BOUND = { is: 'below', value: 1 } as const;
/** Of one attempt. Held: it passes when a test says so. */
const HELD_MS = 54_321;
const SILENT = { limits: { attemptMs: HELD_MS, wholeMs: 3 * HELD_MS, retries: 1, backoffMs: 1 } };
const TOKEN = 'glsa_0123456789abcdefghijkl';

async function ask(
  question: CheckQuestion,
  deps: Partial<AskCheckDeps> = {},
  digest = DIGEST,
): Promise<Finding> {
  const askCheck = createAskCheck({
    fetch,
    readFile: async () => `${TOKEN}\n`,
    googleToken: async () => 'google-token',
    ...deps,
  });
  const check = { name: 'errors', ask: question, forMs: 0, failAfterMs: 0 };
  return askCheck(check, { digest, stage: 'canary' });
}

/** Lets the time of both attempts pass, each when it has come. */
async function passTwice(server: ScriptedServer, deadline: HeldTimers): Promise<void> {
  for (const attempt of [1, 2]) {
    await server.arrived(attempt);
    deadline.pass();
  }
}

const prometheus = (url: string, more = {}): CheckQuestion => ({
  type: 'prometheus',
  url,
  query: 'q',
  bound: BOUND,
  ...more,
});

describe('a query of Prometheus', () => {
  it('is sent as a form, with its placeholders filled in', async () => {
    const server = await startScripted((response) => response.end(JSON.stringify(GOOD)));
    const query = 'up{digest="${digest}",stage="${stage}"} + 1';
    expect(await ask(prometheus(`${server.url}/prom`, { query }))).toEqual({
      name: 'errors',
      outcome: 'met',
      value: '0',
    });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/prom/api/v1/query' });
    const form = Object.fromEntries(new URLSearchParams(seen?.body));
    expect(form).toEqual({ query: `up{digest="${DIGEST}",stage="canary"} + 1` });
    expect(seen?.headers).not.toHaveProperty('authorization');
  });

  it.each(Object.entries(HOSTILE_ANSWERS))('takes %s for no number', async (name, respond) => {
    const server = await startScripted((response) => respond(response));
    using deadline = holdTimers(HELD_MS);
    const asking = ask(prometheus(server.url), SILENT);
    if (name === 'silence') await passTwice(server, deadline);
    const found = await asking;
    expect(found).toEqual({ name: 'errors', outcome: 'unknown', problem: expect.any(String) });
    expect(server.seen.every(({ url }) => url === '/api/v1/query')).toBe(true);
  });

  it('is sent once more where the server failed', async () => {
    const server = await startScripted((response, _, index) => {
      response.statusCode = index === 0 ? 503 : 200;
      response.end(JSON.stringify(GOOD));
    });
    expect((await ask(prometheus(server.url))).outcome).toBe('met');
    expect(server.seen).toHaveLength(2);
  });

  it('is not sent again where it is refused', async () => {
    const server = await startScripted((response) => response.writeHead(422).end());
    expect((await ask(prometheus(server.url))).outcome).toBe('unknown');
    expect(server.seen).toHaveLength(1);
  });

  it('is not sent where the digest could end its quotes', async () => {
    const server = await startScripted((response) => response.end(JSON.stringify(GOOD)));
    const query = 'up{digest="${digest}"}';
    const found = await ask(prometheus(server.url, { query }), {}, 'x"} or vector(0) or up{a="');
    expect(found).toMatchObject({ outcome: 'unknown' });
    expect(server.seen).toEqual([]);
  });

  it('has the token of its file, and shows nothing of it that comes back', async () => {
    const error = `no such token: ${TOKEN} at https://user:secret@inner.example/x`;
    const server = await startScripted((response) =>
      response.writeHead(400).end(JSON.stringify({ status: 'error', error })),
    );
    const found = await ask(prometheus(server.url, { tokenFile: '/secrets/t' }));
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(found.problem).toContain('no such token');
    expect(JSON.stringify(found)).not.toMatch(/0123456789|secret/);
  });

  it('shows nothing of a token in place of a number', async () => {
    const echo = { status: 'success', data: { resultType: 'scalar', result: [0, TOKEN] } };
    const server = await startScripted((response) => response.end(JSON.stringify(echo)));
    const found = await ask(prometheus(server.url, { tokenFile: '/secrets/t' }));
    expect(found.outcome).toBe('unknown');
    expect(JSON.stringify(found)).not.toContain('0123456789');
  });

  it.each([
    ['cannot be read', () => Promise.reject(new Error('ENOENT'))],
    ['is empty', async () => '\n'],
    ['has two lines', async () => 'a\nb'],
  ])('is not sent where its tokenFile %s', async (_, readFile) => {
    const server = await startScripted((response) => response.end(JSON.stringify(GOOD)));
    const found = await ask(prometheus(server.url, { tokenFile: '/secrets/t' }), { readFile });
    expect(found.outcome).toBe('unknown');
    expect(server.seen).toEqual([]);
  });

  it('shows no controls of an answer', async () => {
    const error = 'a\u001b[31m b\n c\u202e';
    const server = await startScripted((response) =>
      response.writeHead(400).end(JSON.stringify({ status: 'error', error })),
    );
    const { problem } = await ask(prometheus(server.url));
    expect(problem).toBe('It answered 400: a\ufffd[31m b c\ufffd');
  });
});

describe('a query of Cloud Monitoring', () => {
  const question: CheckQuestion = {
    type: 'monitoring',
    project: 'acme',
    query: 'a + b',
    bound: BOUND,
  };

  it('goes to the one host of the API, with our token', async () => {
    const seen: { url: string; headers: Headers; redirect: string | undefined }[] = [];
    const fake: typeof fetch = async (input, init) => {
      seen.push({
        url: new Request(input).url,
        headers: new Headers(init?.headers),
        redirect: init?.redirect,
      });
      return Response.json(GOOD);
    };
    expect(await ask(question, { fetch: fake })).toMatchObject({ outcome: 'met', value: '0' });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.url).toBe(
      'https://monitoring.googleapis.com/v1/projects/acme/location/global/prometheus/api/v1/query?query=a+%2B+b',
    );
    expect(seen[0]?.headers.get('authorization')).toBe('Bearer google-token');
    expect(seen[0]?.redirect).toBe('error');
  });

  it.each([
    ['refuses', 403, { error: { status: 'PERMISSION_DENIED', message: 'no' } }],
    ['answers HTML', 200, '<html>'],
    ['answers nothing', 200, { status: 'success', data: { resultType: 'vector', result: [] } }],
  ])('has no answer where it %s', async (_, status, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const fake: typeof fetch = async () => new Response(text, { status });
    const found = await ask(question, { fetch: fake });
    expect(found).toEqual({ name: 'errors', outcome: 'unknown', problem: expect.any(String) });
  });

  it('has no answer where there is no token', async () => {
    const googleToken = () => Promise.reject(new Error('no'));
    const found = await ask(question, { googleToken });
    expect(found).toMatchObject({ outcome: 'unknown' });
    expect(found.problem).toContain('access token');
  });

  it('keeps its token to itself where a server of Prometheus is asked', async () => {
    const server = await startScripted((response) => response.end(JSON.stringify(GOOD)));
    const googleToken = () => Promise.reject(new Error('asked for'));
    expect((await ask(prometheus(server.url), { googleToken })).outcome).toBe('met');
  });
});

describe('a request by HTTP', () => {
  const http = (url: string, more = {}): CheckQuestion => ({
    type: 'http',
    url,
    status: 200,
    ...more,
  });

  it('is met by its status', async () => {
    const server = await startScripted((response) => response.end('ready'));
    const url = `${server.url}/ready/\${digest}?s=\${stage}`;
    expect(await ask(http(url))).toEqual({ name: 'errors', outcome: 'met', value: '200' });
    const [seen] = server.seen;
    expect(seen).toMatchObject({
      method: 'GET',
      url: `/ready/${encodeURIComponent(DIGEST)}?s=canary`,
    });
  });

  it.each([
    ['the status that is asked for', 404, '', { status: 404 }, 'met'],
    ['another status', 404, '', {}, 'failed'],
    ['a body with its text', 200, 'all ok', { contains: 'ok' }, 'met'],
    ['a body without it', 200, 'all bad', { contains: 'ok' }, 'failed'],
    ['a failure', 503, '', {}, 'unknown'],
    ['a failure that is asked for', 503, '', { status: 503 }, 'met'],
    ['too many requests', 429, '', {}, 'unknown'],
    ['a redirect that is asked for', 302, '', { status: 302 }, 'met'],
    ['a long body with its text', 200, `ok${' '.repeat(100_000)}`, { contains: 'ok' }, 'met'],
    [
      'a long body, its text beyond',
      200,
      `${' '.repeat(100_000)}ok`,
      { contains: 'ok' },
      'unknown',
    ],
  ] as const)('comes with %s to its outcome', async (_, status, body, more, outcome) => {
    const server = await startScripted((response) => response.writeHead(status).end(body));
    expect((await ask(http(server.url, more))).outcome).toBe(outcome);
  });

  it('follows no redirect, and takes its token nowhere', async () => {
    const other = await startScripted((response) => response.end('ok'));
    const server = await startScripted((response) =>
      response.writeHead(302, { location: other.url }).end(),
    );
    const found = await ask(http(server.url, { tokenFile: '/secrets/t' }));
    expect(found).toMatchObject({ outcome: 'unknown', problem: 'It redirects (302)' });
    expect(other.seen).toEqual([]);
  });

  it('has no answer where there is none', async () => {
    const found = await ask(http('http://127.0.0.1:1/'));
    expect(found).toMatchObject({ outcome: 'unknown', problem: 'It cannot be reached' });
  });

  it('has no answer where it is too slow', async () => {
    const server = await startScripted(() => undefined);
    using deadline = holdTimers(HELD_MS);
    const asking = ask(http(server.url), SILENT);
    await passTwice(server, deadline);
    expect(await asking).toMatchObject({
      outcome: 'unknown',
      problem: 'It did not answer in time',
    });
  });
});
