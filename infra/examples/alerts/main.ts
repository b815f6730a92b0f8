import { setTimeout as sleep } from 'node:timers/promises';
import { createCallerCheck } from '#shared/http/check-caller.ts';
import { readEnv } from '#shared/http/env.ts';
import { MAX_MESSAGE_BODY_BYTES } from '#shared/http/limits.ts';
import { createLogger } from '#shared/http/log.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { postAlert } from './alert.ts';
import { createAlertDesk, createAlertsApp } from './alert-desk.ts';
import { readAlertSettings } from './settings.ts';

const NAME = 'alerts';

try {
  const { port, host, logLevel, service = NAME } = readEnv(process.env);
  const { sink, severity, groupMs, runbook, access } = readAlertSettings(process.env);
  const log = createLogger({ level: logLevel, service });
  const now = (): Date => new Date();
  const desk = createAlertDesk({
    severity,
    groupMs,
    runbook,
    post: async (alert) => {
      await postAlert(alert, { fetch, sink });
      log.info({ id: alert.id, status: alert.status, count: alert.count }, 'Alert was sent');
    },
    onForgotten: ({ id, type }) => log.warn({ id, type }, 'Alert was forgotten'),
    sleep: (milliseconds, signal) =>
      sleep(milliseconds, undefined, { signal }).catch(() => undefined),
  });
  // Before the server drains: events that wait are answered, not cut off.
  process.once('SIGTERM', () => desk.hurry());
  const checkCaller = createCallerCheck(access, { host, now });
  const app = createAlertsApp({ desk, checkCaller, log, now });
  await serveFunction(NAME, {
    app,
    port,
    host,
    maxBodyBytes: MAX_MESSAGE_BODY_BYTES,
    log,
    process,
  });
} catch (error) {
  createLogger({ level: 'info', service: NAME }).error({ error }, 'Function cannot start');
  process.exit(1);
}
