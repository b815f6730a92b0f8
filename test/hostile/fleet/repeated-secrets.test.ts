import { describe, expect, it } from 'vitest';
import { toFailure } from '#shared/core/errors.ts';
import { connectTo } from '#test/unit/fleet/connect.ts';
import { sendJson, startScripted } from '#test/unit/fleet/scripted-server.ts';

const TOKEN = 'k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbS8_hunter2/~+x==';
const PASSWORD = 'hunter2-and-more';
const PAIR = `admin:${PASSWORD}`;
const BASIC = Buffer.from(PAIR).toString('base64');

/** A letter of each as JSON may write it, which no honest server does. */
function escapeSome(text: string): string {
  return text.replaceAll(/[a-z/]/g, (letter) =>
    letter === '/' ? String.raw`\/` : `\\u00${letter.charCodeAt(0).toString(16)}`,
  );
}

const HEADERS: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] =
  [
    ['a token', { Authorization: `Bearer ${TOKEN}` }, [TOKEN]],
    ['a token in another spelling', { authorization: `bearer ${TOKEN}` }, [TOKEN]],
    ['a password', { Authorization: `Basic ${BASIC}` }, [BASIC, PAIR, PASSWORD]],
    ['a header of an exec plugin', { 'X-Api-Key': TOKEN }, [TOKEN]],
  ];
const CASES = HEADERS.flatMap(([name, headers, secrets]) =>
  secrets.map((secret) => [name, headers, secret] as const),
);

describe.each(CASES)('a cluster that repeats %s', (_, headers, secret) => {
  it.each([400, 401, 403, 404, 409, 422, 429, 500])(
    'cannot have it shown by a failure, status %i',
    async (code) => {
      const server = await startScripted((response) =>
        sendJson(response, code, { kind: 'Status', message: `you are ${secret}!${secret}` }),
      );
      const api = await connectTo(server.url, { authorize: async () => ({ headers }) });
      const failed = await api.list('RootSync', { limit: 1 }).then(
        () => undefined,
        (error: unknown) => toFailure(error),
      );
      expect(failed).toBeDefined();
      expect(JSON.stringify([failed?.message, String(failed?.cause)])).not.toContain(secret);
    },
  );

  it.each([
    ['as it is', (text: string) => JSON.stringify(text).slice(1, -1)],
    ['with letters escaped', escapeSome],
  ])('cannot have it shown by an object, %s', async (_name, write) => {
    const server = await startScripted((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"kind":"RootSyncList","metadata":{},"items":[{"said":"${write(secret)}"}]}`);
    });
    const api = await connectTo(server.url, { authorize: async () => ({ headers }) });
    const { items } = await api.list('RootSync', { limit: 1 });
    expect(items).toEqual([{ said: expect.stringContaining('[redacted]') }]);
    expect(JSON.stringify(items)).not.toContain(secret);
  });
});

it('leaves the answer of an honest cluster as it is, escapes and all', async () => {
  const said = 'a < b & c \\ "d" / \u2028';
  const server = await startScripted((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      String.raw`{"metadata":{},"items":[{"said":"a \u003c b \u0026 c \\ \"d\" \/ \u2028"}]}`,
    );
  });
  const api = await connectTo(server.url, {
    authorize: async () => ({ headers: { Authorization: `Bearer ${TOKEN}` } }),
  });
  expect((await api.list('RootSync', { limit: 1 })).items).toEqual([{ said }]);
});
