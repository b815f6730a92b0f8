import { createApp } from '#shared/http/app.ts';
import { readEnv } from '#shared/http/env.ts';
import { DRAIN_LIMIT_MS } from '#shared/http/limits.ts';
import { createLogger } from '#shared/http/log.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { withMessage } from '#shared/http/with-message.ts';

// A Pub/Sub endpoint as mains wire it, whose work never ends while HANG is set; run by hand-back.test.ts.
const env = readEnv(process.env);
const log = createLogger({ level: env.logLevel, service: 'worker' });
const app = createApp({ log, ready: () => Promise.resolve() });

app.post(
  '/',
  withMessage(
    async ({ messageId, deliveryAttempt, data }) => {
      const fields = {
        id: messageId,
        attempt: deliveryAttempt,
        text: Buffer.from(data).toString(),
      };
      log.info(fields, 'Work began');
      if (process.env['HANG'] !== undefined) await new Promise(() => {});
      log.info(fields, 'Work done');
    },
    {
      checkCaller: () => Promise.resolve({}),
      deadLetter: () => Promise.reject(new Error('No dead letter here')),
      reportFailure: () => Promise.reject(new Error('No dead letter here')),
      now: () => new Date(),
    },
  ),
);

await serveFunction('worker', {
  app,
  port: env.port,
  host: env.host,
  maxBodyBytes: 100_000,
  log,
  process,
  drainLimitMs: Number(process.env['DRAIN_LIMIT_MS'] ?? DRAIN_LIMIT_MS),
});
