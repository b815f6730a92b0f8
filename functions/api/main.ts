import { randomUUID } from 'node:crypto';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { MAX_API_BODY_BYTES } from '#shared/edge/limits.ts';
import { traceRequest } from '#shared/edge/trace-request.ts';
import { readBase, run } from '../wiring/base.ts';
import { openFleet } from '../wiring/fleet.ts';
import { openImages } from '../wiring/images.ts';
import { openRegistries } from '../wiring/registries.ts';
import { openApp, serve } from '../wiring/serve.ts';
import { openStore } from '../wiring/store.ts';
import { openStatus, openTasks, openTopics } from '../wiring/topics.ts';
import { createPersonCheck } from './check-person.ts';
import { createApi } from './create-api.ts';

await run('api', async () => {
  const base = await readBase('api');
  const { config, env, now, log, telemetry } = base;
  const checkPerson = createPersonCheck(config.access.api, { host: env.host, now });
  const store = openStore(base);
  const topics = openTopics(base);
  const { cached } = openRegistries(base);
  const api = createApi({
    ...openImages(base, cached),
    store,
    fleet: openFleet(base, 'api'),
    rsyncs: createRSyncs({
      onUnreadable: (cluster, problem) => log.warn({ cluster, problem }, 'Object cannot be read'),
    }),
    settings: { blockedAfterMs: config.sweep.blockedAfterMs, unmatched: config.unmatched },
    checkPerson,
    publishTasks: openTasks(base, topics, config.topics.resyncTasks),
    publish: openStatus(base, topics),
    now,
    newId: randomUUID,
  });
  const app = openApp(base, () => store.readCluster(''));
  app.use('/v1/*', traceRequest(telemetry.tracing));
  app.route('/', api);
  await serve(
    'api',
    app,
    base,
    async () => {
      await topics.close();
      await store.close();
    },
    MAX_API_BODY_BYTES,
  );
});
