import { setTimeout as sleep } from 'node:timers/promises';
import { createCallerCheck } from '#shared/http/check-caller.ts';
import { readEnv } from '#shared/http/env.ts';
import { functionsFramework } from '#shared/http/framework.ts';
import { MAX_MESSAGE_BODY_BYTES } from '#shared/http/limits.ts';
import { createLogger } from '#shared/http/log.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { createAlertDesk, createAlertsApp } from './alert-desk.ts';
import { createIncidents } from './incidents.ts';
import { postAlert } from './post-alert.ts';
import { readAlertSettings } from './settings.ts';

const NAME = 'alerts';

try {
  const env = readEnv(process.env);
  const { sink, severity, groupMs, access } = readAlertSettings(process.env);
  const log = createLogger({ level: env.logLevel, service: env.service ?? NAME });
  const now = (): Date => new Date();
  const desk = createAlertDesk({
    incidents: createIncidents(({ id, group }) => log.warn({ id, group }, 'Alert was forgotten')),
    post: async (alert) => {
      await postAlert(alert, { fetch, sink });
      log.info({ id: alert.id, status: alert.status, count: alert.count }, 'Alert was sent');
    },
    severity,
    groupMs,
    sleep: (milliseconds, signal) =>
      sleep(milliseconds, undefined, { signal }).catch(() => undefined),
  });
  // Before the server drains: events that wait are answered, not cut off.
  process.once('SIGTERM', () => desk.hurry());
  const checkCaller = createCallerCheck(access, { host: env.host, now });
  const app = createAlertsApp({ desk, checkCaller, log, now });
  await serveFunction({
    name: NAME,
    app,
    port: env.port,
    host: env.host,
    maxBodyBytes: MAX_MESSAGE_BODY_BYTES,
    log,
    framework: functionsFramework,
    process,
  });
} catch (error) {
  createLogger({ level: 'info', service: NAME }).error({ error }, 'Function cannot start');
  process.exit(1);
}
