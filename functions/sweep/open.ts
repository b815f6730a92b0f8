import { randomUUID } from 'node:crypto';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { traceRequest } from '#shared/http/app.ts';
import { openAccess, openShell } from '../wiring/app.ts';
import { readBase } from '../wiring/base.ts';
import { openChecks } from '../wiring/checks.ts';
import { callsPerMinute, openFleets } from '../wiring/fleet.ts';
import { openImages, openListTags, openRegistries, openResolveNow } from '../wiring/images.ts';
import type { Start } from '../wiring/start.ts';
import { openStatus, openTasks } from '../wiring/topics.ts';
import { handleSweep } from './handle-sweep.ts';

/**
 * The function that Cloud Scheduler calls (docs/design.md#the-parts). Throws `bad-config`.
 *
 * @example
 * const { app, close } = await openSweep(await readStart('sweep'));
 */
export async function openSweep(start: Start): Promise<OpenedFunction> {
  const base = await readBase(start);
  const { config, now, telemetry } = base;
  const { tracing, meter } = telemetry;
  const { app, store, staged, topics, close } = openShell(base);
  const checkCaller = openAccess(base, 'sweep');
  const { plain, cached } = openRegistries(base, { store });
  const deps = {
    ...openImages(base, cached),
    resolveNow: openResolveNow(plain, now),
    listTags: openListTags(plain),
    fleet: openFleets(base)('sweep'),
    store,
    ...staged,
    publishTasks: openTasks(base, topics, config.topics.sweepTasks),
    publish: openStatus(base, topics),
    settings: { ...config.sweep, callsPerMinute: callsPerMinute(base, 'sweep') },
    ask: openChecks(base),
    now,
    meter,
    newId: randomUUID,
  };
  // Called by Cloud Scheduler, whose body says nothing.
  app.post('/', traceRequest(tracing), async (c) => {
    await checkCaller(c.req.raw.headers);
    const log = c.get('log');
    const result = await handleSweep({ ...deps, log });
    log.info({ ...result }, 'Sweep completed');
    return c.json(result);
  });
  return { app, close, warmUp: () => topics.connect() };
}
