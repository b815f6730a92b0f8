import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import { SERVICE_IDENTITY } from '#infra/local/local-world/files.ts';
import type { FunctionName } from '#infra/local/local-world/ports.ts';
import { PUSH_SUBSCRIPTIONS, subscribeAt } from '#infra/local/local-world/pubsub.ts';
import { type FaultProxy, startFaultProxy } from '#test/faults/real/fault-proxy.ts';
import { BUNDLES, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { isAlive } from '#test/fixtures/is-alive.ts';
import { publishSigned, recordApprovals } from '#test/fixtures/world-story.ts';
import { PATIENCE } from '#test/patience.ts';

/** At the first call to any of them, the others are still to come. */
const CLUSTERS = 6;
/** Config Sync has no part in this. */
const STILL = { pollMs: 3_600_000, attemptMs: 3_600_000, rolloutMs: 3_600_000 };

let world: TestWorld;
let history: ReadonlyMap<string, readonly string[]>;
const published: string[] = [];
const restarted: RunningFunction[] = [];
let front: FaultProxy | undefined;

beforeAll(async () => {
  world = await startTestWorld({ clusters: CLUSTERS, pace: STILL, only: 'approving' });
  history = recordApprovals(world);
});
afterAll(async () => {
  await front?.close();
  await Promise.all(restarted.map((one) => one.stop()));
  await world?.stop();
});

/** Starts the function anew where the old one listened, as Cloud Run would. */
function restart(
  of: TestWorld,
  name: FunctionName,
  onLine: (line: string) => void,
): Promise<RunningFunction> {
  return startFunction({
    name,
    bundle: join(BUNDLES, name, 'main.js'),
    port: Number(new URL(of.functions.get(name)?.url ?? '').port),
    env: {
      COUNTERSIGN_CONFIG: of.files.config,
      PUBSUB_EMULATOR_HOST: of.pubsub.host,
      METADATA_SERVER_DETECTION: 'none',
    },
    logFile: join(of.files.logs, `${name}-again.log`),
    onLine,
  });
}

/**
 * Kills the function at the first call of that kind that reaches any cluster: others are still to come. Says whether it
 * is alive.
 */
function killAtFirst(of: TestWorld, verb: string, name: FunctionName): () => boolean {
  let alive = true;
  for (const { store } of of.emulated) {
    const record = store.record;
    store.record = (request) => {
      if (alive && request.verb === verb && request.user === SERVICE_IDENTITY) {
        alive = false;
        process.kill(of.functions.get(name)?.pid ?? 0, 'SIGKILL');
      }
      record(request);
    };
  }
  return () => alive;
}

/** Keeps back the answers to all that was delivered to push before it died: it may be done with a message by then. */
async function unacknowledgedWhile(stillRuns: () => boolean, of: TestWorld): Promise<FaultProxy> {
  const [events] = PUSH_SUBSCRIPTIONS;
  const proxy = await startFaultProxy({
    target: `${of.functions.get(events.to)?.url}`,
    draw: () => (stillRuns() ? { kind: 'cut' } : undefined),
  });
  await subscribeAt(of.pubsub, events, proxy.url);
  return proxy;
}

describe.each([
  ['cluster', 'patch', 'Task done'],
  ['push', 'list', 'Clusters tasked'],
] as const)('the function %s, killed half-way through a fan-out,', (name, verb, told) => {
  it('leaves nothing undone: every cluster is approved, and once', async () => {
    const stillRuns = killAtFirst(world, verb, name);
    if (name === 'push') front = await unacknowledgedWhile(stillRuns, world);
    published.push(await publishSigned(world, `for: ${name}\n`));
    const { pid = 0 } = world.functions.get(name) ?? {};
    // Its port is free then.
    await vi.waitUntil(() => !isAlive(pid), PATIENCE);
    const lines: string[] = [];
    restarted.push(await restart(world, name, (line) => lines.push(line)));
    await vi.waitFor(() => {
      expect([...history.values()]).toEqual(world.clusters.map(() => published));
      // What was in hand when it died was never acknowledged, and came again.
      expect(lines.some((line) => line.includes(told))).toBe(true);
    }, PATIENCE);
  });
});
