import { serve } from '@hono/node-server';
import { once } from 'node:events';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tickSweep } from '#infra/local/local-world/tick-sweep.ts';
import { PATIENCE } from '#test/patience.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A function whose answers the test gives. */
async function startSweep(answer: () => Response | Promise<Response>) {
  const app = new Hono();
  const seen = { calls: 0, atOnce: 0, most: 0 };
  app.post('/', async () => {
    seen.calls += 1;
    seen.atOnce += 1;
    seen.most = Math.max(seen.most, seen.atOnce);
    const response = await answer();
    seen.atOnce -= 1;
    return response;
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  stops.push(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { seen, url: `http://127.0.0.1:${port}` };
}

function tick(url: string, everyMs: number) {
  const errors: unknown[] = [];
  const ticker = tickSweep({ url, everyMs, onError: (error) => errors.push(error) });
  stops.push(() => ticker.stop());
  return { ticker, errors };
}

describe('tickSweep()', () => {
  it('calls at once, and then again and again', async () => {
    const { url, seen } = await startSweep(() => Response.json({}));
    const { errors } = tick(url, 10);
    await vi.waitFor(() => expect(seen.calls).toBeGreaterThan(3), PATIENCE);
    expect(errors).toEqual([]);
  });

  it('calls again when it is asked to, long before the next call is due', async () => {
    const { url, seen } = await startSweep(() => Response.json({}));
    const { ticker } = tick(url, 3_600_000);
    await vi.waitFor(() => expect(seen.calls).toBe(1), PATIENCE);
    // Asked once more where the first call is not over yet.
    await vi.waitFor(() => {
      ticker.soon();
      expect(seen.calls).toBeGreaterThan(2);
    }, PATIENCE);
  });

  it('never calls twice at a time', async () => {
    const waiting: (() => void)[] = [];
    const { url, seen } = await startSweep(
      () => new Promise((resolve) => waiting.push(() => resolve(Response.json({})))),
    );
    tick(url, 1);
    for (const calls of [1, 2, 3]) {
      await vi.waitFor(() => expect(seen.calls).toBe(calls), PATIENCE);
      waiting.pop()?.();
    }
    expect(seen.most).toBe(1);
    await vi.waitFor(() => expect(waiting.length).toBe(1), PATIENCE);
    waiting.pop()?.();
  });

  it('reports a failure and goes on', async () => {
    const { url, seen } = await startSweep(() => new Response('no fleet', { status: 503 }));
    const { errors } = tick(url, 5);
    await vi.waitFor(() => expect(seen.calls).toBeGreaterThan(2), PATIENCE);
    expect(errors[0]).toMatchObject({ message: 'Sweep answered 503: no fleet' });
  });

  it('stops in the midst of a call, and reports no failure then', async () => {
    const { url, seen } = await startSweep(() => new Promise(() => undefined));
    const { ticker, errors } = tick(url, 5);
    await vi.waitFor(() => expect(seen.calls).toBe(1), PATIENCE);
    await ticker.stop();
    expect([seen.calls, errors]).toEqual([1, []]);
  });
});
