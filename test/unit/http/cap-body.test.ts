import { createServer, request, type Server } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type BodyLimits, capBody } from '#shared/http/cap-body.ts';
import { ANSWERED_MS, PATIENCE } from '#test/patience.ts';

let server: Server;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Takes bodies of up to 1,000 bytes, and says how long each was. */
async function start(limits: Partial<BodyLimits>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  server = createServer(
    capBody(
      (req, res) => {
        const body: unknown = Reflect.get(req, 'rawBody');
        res.end(body instanceof Uint8Array ? String(body.length) : 'none');
      },
      { maxBodyBytes: 1_000, deadlineMs: ANSWERED_MS, ...limits },
    ),
  );
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
  return promise;
}

/** A request whose body is sent bit by bit. */
function open(port: number) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const asked = request({ port, host: '127.0.0.1', method: 'POST' }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  asked.on('error', reject);
  return { answer: promise, send: (text: string) => asked.write(text), end: () => asked.end() };
}

describe('capBody() with maxTotalBytes', () => {
  it('turns away what would be too much at once, and takes it when others are done', async () => {
    const port = await start({ maxTotalBytes: 1_500 });
    const first = open(port);
    first.send('a'.repeat(900));
    const second = open(port);
    // Until the server has the first one's bytes, the second is not one too many.
    await vi.waitFor(async () => {
      const other = open(port);
      other.send('b'.repeat(900));
      other.end();
      expect(await other.answer).toMatchObject({ status: 429 });
    }, PATIENCE);
    first.end();
    expect(await first.answer).toEqual({ status: 200, text: '900' });
    second.send('c'.repeat(900));
    second.end();
    expect(await second.answer).toEqual({ status: 200, text: '900' });
  });
});

describe('capBody() with a refusal', () => {
  it('answers in the form that the beginning of the body asks for', async () => {
    const port = await start({
      refusal: ({ status }, head) => ({
        status: 200,
        contentType: 'text/plain',
        body: `${status} ${Buffer.from(head).toString().slice(0, 5)}`,
      }),
    });
    const asked = open(port);
    asked.send('hello'.padEnd(2_000));
    asked.end();
    expect(await asked.answer).toEqual({ status: 200, text: '413 hello' });
  });

  it('answers with a problem where that says nothing', async () => {
    const port = await start({ refusal: () => undefined });
    const asked = open(port);
    asked.send('x'.repeat(2_000));
    asked.end();
    expect((await asked.answer).status).toBe(413);
  });
});
