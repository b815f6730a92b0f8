import { openImages, openRegistries } from '#functions/wiring/images.ts';
import { readConfig } from '#functions/wiring/base.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { createCircuits } from '#shared/fleet/circuits.ts';
import { createClusterApi } from '#shared/fleet/client.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import { DEFAULT_CLIENT_LIMITS } from '#shared/fleet/limits.ts';
import { createPace } from '#shared/fleet/pace.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { type Asked, answerParent } from '../process/own-process.ts';

/** Tasks for clusters, all at once; the answer comes when all have ended. */
export interface WorkerTask {
  readonly server: string;
  readonly config: string;
  readonly store: string;
  readonly clusters: readonly string[];
}

let opened: Promise<ReconcileDeps> | undefined;

/** All that `cluster` has but its listener: real clients of clusters, registry and store. */
async function open({ server, config: path, store }: WorkerTask): Promise<ReconcileDeps> {
  const config = await readConfig(path);
  const now = (): Date => new Date();
  const pace = createPace({
    perMinute: 6_000_000,
    burst: 100_000,
    now: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const shared = {
    agents: createAgents(),
    limits: DEFAULT_CLIENT_LIMITS,
    pace,
    circuits: createCircuits(),
  };
  const authorize = async () => ({ headers: {} });
  return {
    ...openImages({ config, now, telemetry: noTelemetry }, openRegistries({ config, now }).cached),
    fleet: {
      list: async () => ({ members: [], unreachable: [] }),
      find: async (name) => ({ name, id: name, labels: {} }),
      connect: ({ name }) =>
        createClusterApi(name, { server: `${server}/${name}`, authorize }, shared),
    },
    rsyncs: createRSyncs({ onUnreadable: () => {} }),
    store: openSqliteStore({ path: store }),
    publish: async () => {},
    now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    settings: {
      blockedAfterMs: 120_000,
      deletingAfterMs: 600_000,
      liveAfterMs: 900_000,
      unmatched: 'deny',
      otherSources: 'deny',
    },
  };
}

async function run(task: WorkerTask): Promise<string> {
  opened ??= open(task);
  const deps = await opened;
  const results = await Promise.all(
    task.clusters.map((cluster) => reconcileCluster({ cluster, reason: 'push' }, new Date(), deps)),
  );
  return JSON.stringify(results[0]);
}

process.on('message', (asked: Asked<WorkerTask>) => {
  answerParent(asked, run(asked.task));
});
