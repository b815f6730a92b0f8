import { createApp } from '#shared/http/app.ts';
import { readEnv } from '#shared/http/env.ts';
import { createLogger } from '#shared/http/log.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { createTopics } from '#shared/status/pubsub-topic.ts';

// A function that publishes; bundled and run by bundle.test.ts.
const env = readEnv(process.env);
const log = createLogger({ level: env.logLevel, service: 'publishing' });
const topics = createTopics(
  env.pubsubEmulatorHost === undefined ? {} : { emulatorHost: env.pubsubEmulatorHost },
);
const topic = topics.publisher('projects/local/topics/t');
const app = createApp({ log, ready: () => Promise.resolve() });
app.post('/publish', async (c) => {
  await topic.publish({ data: new Uint8Array(await c.req.arrayBuffer()), attributes: { a: 'b' } });
  return c.json({ published: true });
});

await serveFunction('publishing', {
  app,
  port: env.port,
  host: env.host,
  maxBodyBytes: 1000,
  log,
  process,
  close: () => topics.close(),
});
