import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { traceRequest } from '#shared/http/app.ts';
import { openShell, reconcileSettings } from '../wiring/app.ts';
import { readBase } from '../wiring/base.ts';
import { callsPerMinute, openFleets } from '../wiring/fleet.ts';
import { openHistory } from '../wiring/history.ts';
import { openImages, openListTags, openRegistries, openResolveNow } from '../wiring/images.ts';
import type { Start } from '../wiring/start.ts';
import { openStatus, openTasks } from '../wiring/topics.ts';
import { createPersonCheck } from './check-person.ts';
import { createApi } from './create-api.ts';
import { createStreams } from './page/live/streams.ts';

/**
 * The function that people and their scripts call (docs/api.md). Throws `bad-config`.
 *
 * @example
 * const { app, close } = await openApi(await readStart('api'));
 */
export async function openApi(start: Start): Promise<OpenedFunction> {
  const base = await readBase(start);
  const { config, env, now, log, telemetry } = base;
  const checkPerson = createPersonCheck(config.access.api, { host: env.host, now });
  const { app, store, staged, topics, close } = openShell(base);
  const history = openHistory(base);
  const { plain, cached } = openRegistries(base, { store });
  const streams = createStreams({ pause, now });
  const api = createApi({
    ...openImages(base, cached),
    store,
    ...staged,
    ...(history && config.history && { kept: { history, days: config.history.days } }),
    fleet: openFleets(base)('api'),
    rsyncs: createRSyncs({
      onUnreadable: (cluster, problem) => log.warn({ cluster, problem }, 'Object cannot be read'),
    }),
    settings: reconcileSettings(config),
    planning: {
      callsPerMinute: callsPerMinute(base, 'sweep'),
      resolveNow: openResolveNow(plain, now),
    },
    listTags: openListTags(plain),
    checkPerson,
    publishTasks: openTasks(base, topics, config.topics.resyncTasks),
    publish: openStatus(base, topics),
    now,
    newId: randomUUID,
    streams,
  });
  app.use('/v1/*', traceRequest(telemetry.tracing));
  app.route('/', api);
  return {
    app,
    endAnswers: () => streams.close(),
    close: async () => {
      await close();
      await history?.close();
    },
  };
}

/** Waits without keeping the process alive; a signal ends it early. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
