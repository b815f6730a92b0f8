import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { HistoryPage } from '#functions/api/history/operation.ts';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import {
  PUSH_SUBSCRIPTIONS,
  STATUS_SUBSCRIPTION,
  subscribeAt,
} from '#infra/local/local-world/pubsub.ts';
import { type FaultProxy, startFaultProxy } from '#test/faults/real/fault-proxy.ts';
import { BUNDLES, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { publishSigned } from '#test/fixtures/world-story.ts';
import { PATIENCE } from '#test/patience.ts';

const CLUSTERS = 3;
/** Repeated at once, and its answer lost: each in turn. What is refused as well comes again as slowly. */
const FAULTS = [{ kind: 'repeat', ms: 20 }, { kind: 'cut' }] as const;

let world: TestWorld | undefined;
let front: FaultProxy | undefined;
let restarted: RunningFunction | undefined;
let published: Subscriber | undefined;
afterEach(async () => {
  await published?.stop();
  await front?.close();
  await restarted?.stop();
  await world?.stop();
});

/** What a subscriber of the status topic gets, from the first event on. */
interface Subscriber {
  readonly ids: () => string[];
  readonly types: () => string[];
  stop(): Promise<void>;
}

function subscribe({ pubsub }: TestWorld): Subscriber {
  const seen = new Map<string, string>();
  const stopping = new AbortController();
  const { signal } = stopping;
  // A pull waits for a message, longer than a test should for the last one.
  const running = (async () => {
    while (!signal.aborted) {
      const pulled = await pubsub.pull(STATUS_SUBSCRIPTION, signal).catch(() => []);
      for (const { attributes: found } of pulled)
        seen.set(found['ce-id'] ?? '', found['type'] ?? '');
      const ackIds = pulled.map(({ ackId }) => ackId);
      if (ackIds.length > 0) await pubsub.acknowledge(STATUS_SUBSCRIPTION, ackIds);
    }
  })();
  return {
    ids: () => [...seen.keys()].toSorted(),
    types: () => [...seen.values()],
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Until the recorder's own file has them all: the API would ask to wait. Gives how many they are. */
async function untilWhole(of: TestWorld, { ids: known }: Subscriber): Promise<number> {
  return vi.waitFor(() => {
    using kept = new DatabaseSync(of.files.history, { readOnly: true });
    const ids = kept.prepare('SELECT id FROM history ORDER BY id').all();
    expect(ids.map(({ id }) => id)).toEqual(known());
    return ids.length;
  }, PATIENCE);
}

/** Ids of what the API answers, sweeps included. */
async function answered(of: TestWorld): Promise<string[]> {
  const api = of.functions.get('api')?.url;
  const found: string[] = [];
  for (const query of ['', '&type=sweep.completed']) {
    const answer = await fetch(`${api}/v1/history?limit=1000${query}`);
    const { events } = HistoryPage.parse(await answer.json());
    found.push(...events.map(({ id }) => id));
  }
  return found.toSorted();
}

/** Stands in front of the recorder, mistreats every second delivery, and kills it once it has answered a few. */
async function mistreat(of: TestWorld): Promise<() => number> {
  const subscription = PUSH_SUBSCRIPTIONS.find(({ to }) => to === 'history');
  const recorder = of.functions.get('history');
  if (subscription === undefined || recorder === undefined) throw new Error('No recorder');
  let deliveries = 0;
  front = await startFaultProxy({
    target: recorder.url,
    draw() {
      deliveries += 1;
      if (deliveries === CLUSTERS) process.kill(recorder.pid, 'SIGKILL');
      return deliveries % 2 === 0 ? FAULTS[(deliveries / 2) % FAULTS.length] : undefined;
    },
  });
  await subscribeAt(of.pubsub, subscription, front.url);
  return () => deliveries;
}

it('has every event that was published once, though deliveries fail and the recorder dies', async () => {
  world = await startTestWorld({ clusters: CLUSTERS });
  published = subscribe(world);
  const before = await untilWhole(world, published);
  const deliveries = await mistreat(world);
  await publishSigned(world, 'a: 1\n');
  await world.failed;
  restarted = await startFunction({
    name: 'history',
    bundle: join(BUNDLES, 'history', 'main.js'),
    port: Number(new URL(world.functions.get('history')?.url ?? '').port),
    env: {
      COUNTERSIGN_CONFIG: world.files.config,
      PUBSUB_EMULATOR_HOST: world.pubsub.host,
      METADATA_SERVER_DETECTION: 'none',
    },
    logFile: join(world.files.logs, 'history-again.log'),
    onLine: () => undefined,
  });
  await vi.waitFor(() => {
    const approved = published?.types().filter((type) => type === 'sync.approved');
    expect(approved).toHaveLength(CLUSTERS);
  }, PATIENCE);
  const after = await untilWhole(world, published);
  expect(after - before).toBeGreaterThan(CLUSTERS);
  expect(deliveries()).toBeGreaterThan(after - before);
  expect(await answered(world)).toEqual(published.ids());
});
