import { describe, expect, it } from 'vitest';
import { MAX_STREAMS_EACH, STREAM_MS } from '#functions/api/limits.ts';
import { createStreams } from '#functions/api/page/live/streams.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { cluster, liveRow, rowIn } from '#test/fixtures/tally.ts';

/** Time that the test lets pass: a stream's wait ends with `tick`, or with its signal. */
function manualTime() {
  let begun = Promise.withResolvers<() => void>();
  return {
    pause: (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        begun.resolve(resolve);
      }),
    /** Ends the wait that has begun, or is about to. */
    async tick(): Promise<void> {
      const resolve = await begun.promise;
      begun = Promise.withResolvers();
      resolve();
    },
  };
}

function open() {
  const time = manualTime();
  const inner = createApiWorld();
  const { now } = inner.deps;
  const streams = createStreams({ now, pause: time.pause });
  const world = createApiWorld({}, { now, store: inner.deps.store, streams });
  async function listen() {
    const answer = await world.get('/page/events', 'text/event-stream');
    const reader = answer.body?.getReader();
    if (reader === undefined) throw new Error('No body');
    const decoder = new TextDecoder();
    return {
      answer,
      async next(): Promise<string | undefined> {
        const { value, done } = await reader.read();
        return done ? undefined : /data: (\S+)/.exec(decoder.decode(value))?.[1];
      },
      cancel: () => reader.cancel(),
    };
  }
  const wait = (ms: number): void => inner.pass(ms);
  return { deps: inner.deps, streams, time, listen, wait };
}

describe('GET /page/events', () => {
  it('sends the edition of the fleet, another one only where something has changed', async () => {
    const { listen, deps, time, wait, streams } = open();
    await deps.store.writeCluster(cluster('a', [liveRow()]));
    const stream = await listen();
    expect(stream.answer.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.answer.headers.get('cache-control')).toBe('no-store');
    const first = await stream.next();
    expect(first).toMatch(/^[\w-]{16}$/);
    wait(30_000);
    await time.tick();
    expect(await stream.next()).toBe(first);
    await deps.store.writeCluster(cluster('a', [rowIn('Failed')]));
    wait(30_000);
    await time.tick();
    expect(await stream.next()).not.toBe(first);
    streams.close();
    expect(await stream.next()).toBeUndefined();
  });

  it('ends before a front end ends it', async () => {
    const { listen, time, wait } = open();
    const stream = await listen();
    await stream.next();
    wait(STREAM_MS);
    await time.tick();
    expect(await stream.next()).toBeUndefined();
  });

  it('is one of a few for each person, and makes room when its page is gone', async () => {
    const { listen, streams } = open();
    const all = [];
    for (let at = 0; at < MAX_STREAMS_EACH; at += 1) all.push(await listen());
    expect((await listen()).answer.status).toBe(429);
    await all[0]?.next();
    await all[0]?.cancel();
    const again = await listen();
    expect(again.answer.status).toBe(200);
    streams.close();
  });

  it('takes no place for who asks for its head alone', async () => {
    const inner = createApiWorld();
    for (let at = 0; at < MAX_STREAMS_EACH; at += 1) {
      const { status } = await inner.request('/page/events', { method: 'HEAD' });
      expect(status).toBe(200);
    }
    const answer = await inner.get('/page/events', 'text/event-stream');
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  });

  it('is not begun once the function stops', async () => {
    const { listen, streams } = open();
    streams.close();
    expect((await listen()).answer.status).toBe(429);
  });

  it('ends where there is no news to be had, and the page says so', async () => {
    const inner = createApiWorld();
    const { now } = inner.deps;
    const streams = createStreams({ now, pause: () => Promise.resolve() });
    const store = {
      ...inner.deps.store,
      readNote: () => Promise.reject(new Error('secret path')),
    };
    const world = createApiWorld({}, { now, store, streams });
    const text = await (await world.get('/page/events')).text();
    expect(text).toBe('');
    expect(world.lines.map(({ message }) => message)).toContain('News of the fleet cannot be read');
  });

  it('is for who may look, alone', async () => {
    const world = createApiWorld({}, { checkPerson: () => Promise.reject(new Error('No token')) });
    expect((await world.get('/page/events')).status).toBe(500);
  });
});
