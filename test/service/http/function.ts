import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createApp } from '#shared/http/app.ts';
import { readEnv } from '#shared/http/env.ts';
import { createLogger } from '#shared/http/log.ts';
import { serveFunction } from '#shared/http/serve-function.ts';

// A function as every main.ts wires one, with routes that misbehave on demand; run by serve-function.test.ts.
const env = readEnv(process.env);
const log = createLogger({ level: env.logLevel, service: 'sample' });
/** Resolves when what was in hand has been answered or handed back. */
const closing = Promise.withResolvers<void>();
const app = createApp({ log, ready: () => Promise.resolve() });

app.post('/echo', async (c) => c.json({ body: await c.req.text() }));
app.get('/slow', async (c) => {
  log.info({}, 'Slow request began');
  await once(process, 'SIGUSR2');
  return c.json({ slow: true });
});
app.get('/stuck', () => {
  log.info({}, 'Stuck request began');
  return new Promise<Response>(() => {});
});
app.get('/late', async (c) => {
  log.info({}, 'Late request began');
  // After it was handed back.
  await closing.promise;
  return c.json({ late: true });
});
app.get('/endless', () => {
  log.info({}, 'Endless answer began');
  return new Response(
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536));
      },
    }),
  );
});
app.get('/reject', (c) => {
  void Promise.reject(new Error('not awaited'));
  return c.json({ rejected: true });
});
app.get('/throw', (c) => {
  setImmediate(() => {
    throw new Error('thrown outside of every request');
  });
  return c.json({ thrown: true });
});

await serveFunction('sample', {
  app,
  port: env.port,
  host: env.host,
  maxBodyBytes: 1000,
  bodyDeadlineMs: Number(process.env['BODY_DEADLINE_MS']),
  drainLimitMs: Number(process.env['DRAIN_LIMIT_MS']),
  log,
  process,
  close: async () => {
    closing.resolve();
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    log.info({}, 'Closed');
  },
}).catch((error: unknown) => {
  log.error({ error }, 'Start failed');
  process.exitCode = 1;
});
