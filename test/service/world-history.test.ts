import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { HistoryPage } from '#functions/api/history/operation.ts';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import { PUSH_SUBSCRIPTIONS, subscribeAt } from '#infra/local/local-world/pubsub.ts';
import { type FaultProxy, startFaultProxy } from '#test/faults/real/fault-proxy.ts';
import { BUNDLES, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { publishSigned } from '#test/fixtures/world-story.ts';

const CLUSTERS = 10;
const PATIENCE = { timeout: 60_000, interval: 100 };
/** Two reads of the history are a twelfth of what a caller may spend in a minute. */
const SPARING = { timeout: 90_000, interval: 1_000 };
/** Repeated at once, its answer lost, refused, and late: each in turn. */
const FAULTS = [
  { kind: 'repeat', ms: 50 },
  { kind: 'cut' },
  { kind: 'answer', status: 503, body: '{}' },
  { kind: 'delay', ms: 700 },
] as const;

let world: TestWorld | undefined;
let front: FaultProxy | undefined;
let restarted: RunningFunction | undefined;
afterEach(async () => {
  await front?.close();
  await restarted?.stop();
  await world?.stop();
});

/** Ids of what a subscriber of the status topic got, and of what the history has, sweeps included. */
async function compare(of: TestWorld): Promise<{ published: Set<string>; kept: string[] }> {
  const published = new Set<string>();
  for (const { attributes } of await of.events()) published.add(attributes['ce-id'] ?? '');
  const api = of.functions.get('api')?.url;
  const kept: string[] = [];
  for (const query of ['', '&type=sweep.completed']) {
    const answer = await fetch(`${api}/v1/history?limit=1000${query}`);
    const { events } = HistoryPage.parse(await answer.json());
    kept.push(...events.map(({ id }) => id));
  }
  return { published, kept };
}

async function untilWhole(of: TestWorld): Promise<number> {
  return vi.waitFor(async () => {
    const { published, kept } = await compare(of);
    expect(kept.toSorted()).toEqual([...published].toSorted());
    return kept.length;
  }, SPARING);
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
  const before = await untilWhole(world);
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
  await vi.waitFor(async () => {
    const types = (await world?.events())?.map(({ attributes }) => attributes['type']);
    expect(types?.filter((type) => type === 'sync.approved')).toHaveLength(CLUSTERS);
  }, PATIENCE);
  const after = await untilWhole(world);
  expect(after - before).toBeGreaterThan(CLUSTERS);
  expect(deliveries()).toBeGreaterThan(after - before);
}, 150_000);
