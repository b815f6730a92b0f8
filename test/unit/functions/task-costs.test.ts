import { describe, expect, it } from 'vitest';
import { handleTask } from '#functions/cluster/handle-task.ts';
import { openStatus } from '#functions/wiring/topics.ts';
import { readEnv } from '#shared/http/env.ts';
import { createSettled } from '#shared/reconcile/settled.ts';
import type { Store } from '#shared/store/store.ts';
import { createLogMeter, type LogMeter } from '#shared/telemetry/log-meter.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { localText, parse } from '#test/unit/config/fixture.ts';

/** The store, each of whose calls is noted by its name. */
function noteCalls(store: Store, called: string[]): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      called.push(name);
      return target[name];
    },
  });
}

interface CostlyWorld {
  readonly task: (
    reason: 'push' | 'sweep',
    id?: string,
  ) => Promise<{
    readonly lines: readonly string[];
    readonly metrics: readonly string[];
    readonly store: readonly string[];
    readonly published: number;
    readonly calls: readonly string[];
  }>;
  readonly meter: LogMeter;
}

/** A cluster function, whose log, store, topic and cluster count. */
async function openWorld(): Promise<CostlyWorld> {
  const world = verifiedWorld();
  const { log, lines } = recordLog();
  const meter = createLogMeter(log);
  const called: string[] = [];
  let published = 0;
  const topic = {
    publish: async (): Promise<void> => {
      published += 1;
    },
    publishMany: () => Promise.resolve(0),
  };
  const { now, rsyncs, store } = world.deps;
  const publish = openStatus(
    {
      env: readEnv({}),
      config: await parse(localText),
      log,
      now,
      telemetry: { ...noTelemetry, meter },
    },
    { publisher: () => topic, connect: () => Promise.resolve(), close: () => Promise.resolve() },
  );
  const deps = {
    ...world.deps,
    log,
    meter,
    publish,
    store: noteCalls(store, called),
    settled: createSettled(),
    rsyncs: {
      ...rsyncs,
      list: (...all: Parameters<typeof rsyncs.list>) => {
        for (let kind = 0; kind < 2; kind += 1) meter.record('cluster_calls', 1, { verb: 'list' });
        return rsyncs.list(...all);
      },
      write: (...all: Parameters<typeof rsyncs.write>) => {
        meter.record('cluster_calls', 1, { verb: 'patch' });
        return rsyncs.write(...all);
      },
    },
  };
  const { calls } = world.clusters.cluster('cluster-1');
  return {
    meter,
    async task(reason, id = 'm1') {
      world.pass(60_000);
      const before = { lines: lines.length, called: called.length, published, calls: calls.length };
      await handleTask(messageOf(world, { cluster: 'cluster-1', reason, id }), deps);
      meter.flush();
      const written = lines.slice(before.lines);
      return {
        lines: written.map(({ message }) => message),
        metrics: written.flatMap((line) => Object.keys(line['metrics'] ?? {})).toSorted(),
        store: called.slice(before.called),
        published: published - before.published,
        calls: calls.slice(before.calls),
      };
    },
  };
}

describe('a task', () => {
  it('that approves costs two lines, one read, one write and one event', async () => {
    const { task } = await openWorld();
    expect(await task('push')).toEqual({
      lines: ['Event published', 'Task done'],
      metrics: [
        'cluster_calls',
        'cluster_calls',
        'push_to_approved',
        'task_duration',
        'transitions',
      ],
      store: ['readCluster', 'writeCluster'],
      published: 1,
      calls: ['list', 'patch'],
    });
  });

  it('with nothing to do costs one line, one read and one write', async () => {
    const { task } = await openWorld();
    await task('push');
    await task('push');
    expect(await task('push')).toEqual({
      lines: ['Task done'],
      metrics: ['cluster_calls', 'task_duration'],
      store: ['readCluster', 'writeCluster'],
      published: 0,
      calls: ['list'],
    });
  });

  it('of a sweep asks the store for a verdict that another one has found settled no second time', async () => {
    const { task } = await openWorld();
    await task('push');
    await task('sweep', 's1');
    expect((await task('sweep', 's1')).store).toEqual(['readCluster', 'writeCluster']);
    expect((await task('sweep', 's2')).store).toEqual([
      'readCluster',
      'readImage',
      'readImage',
      'writeCluster',
    ]);
  });
});
