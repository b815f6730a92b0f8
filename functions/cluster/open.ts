import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { loadKubernetes } from '#shared/fleet/client.ts';
import { createDirectSend, loadUndici } from '#shared/fleet/send-directly.ts';
import { TASK_PATIENCE_MS } from '#shared/http/limits.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { createSettled } from '#shared/reconcile/settled.ts';
import { withMessage } from '#shared/http/with-message.ts';
import { traceRSyncs } from '#shared/telemetry/trace-steps.ts';
import { openMessages, openShell, reconcileSettings } from '../wiring/app.ts';
import { readBase } from '../wiring/base.ts';
import { openFleets } from '../wiring/fleet.ts';
import { openImages, openRegistries } from '../wiring/images.ts';
import type { Start } from '../wiring/start.ts';
import { openStatus } from '../wiring/topics.ts';
import { handleTask } from './handle-task.ts';

/**
 * The function that tasks come to, one cluster each (docs/design.md#the-parts). Throws `bad-config`.
 *
 * @example
 * const { app, close } = await openCluster(await readStart('cluster'));
 */
export async function openCluster(start: Start): Promise<OpenedFunction> {
  const base = await readBase(start);
  const { config, now, log, telemetry } = base;
  const { tracing, meter } = telemetry;
  const { app, store, staged, topics, close } = openShell(base);
  const { cached } = openRegistries(base, { store });
  const deps = {
    ...openImages(base, cached),
    settled: createSettled(),
    store,
    ...staged,
    publish: openStatus(base, topics),
    now,
    tracing,
    meter,
    rsyncs: traceRSyncs(
      createRSyncs({
        onUnreadable: (cluster, problem) => log.warn({ cluster, problem }, 'Object cannot be read'),
      }),
      tracing,
    ),
    settings: reconcileSettings(config),
  };
  const messages = { ...openMessages(base, topics, 'cluster'), patienceMs: TASK_PATIENCE_MS };
  // One route for each subscription: their budgets of calls differ (law 8).
  const fleets = openFleets(base, createDirectSend());
  const [urgent, sweeping] = [fleets('push'), fleets('sweep')];
  const routes = { '/tasks': urgent, '/resync-tasks': urgent, '/sweep-tasks': sweeping };
  for (const [route, fleet] of Object.entries(routes)) {
    app.post(
      route,
      withMessage(
        (message, context) => handleTask(message, { ...deps, fleet, log: context.log }),
        messages,
      ),
    );
  }
  return {
    app,
    close,
    async warmUp() {
      await loadKubernetes();
      await loadUndici();
      await topics.connect();
    },
  };
}
