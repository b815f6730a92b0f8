import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import {
  callsOf,
  eventOf,
  publishSigned,
  recordApprovals,
  withoutEvents,
} from '#test/fixtures/world-story.ts';
import { PATIENCE } from '#test/patience.ts';

const COPIES = 50;
const CLUSTERS = 3;

const TaskDone = z.object({
  message: z.literal('Task done'),
  cluster: z.string(),
  reason: z.literal('push'),
  status: z.enum(['reconciled', 'covered']),
});
type TaskDone = z.infer<typeof TaskDone>;

let world: TestWorld;
let history: ReadonlyMap<string, readonly string[]>;
const done: TaskDone[] = [];
/** Events whose tasks are published. */
let tasked = 0;

beforeAll(async () => {
  world = await startTestWorld({
    only: 'approving',
    onLine: (name, line) => {
      const task = TaskDone.safeParse(name === 'cluster' ? JSON.parse(line) : undefined);
      if (task.success) done.push(task.data);
      if (name === 'push' && line.includes('"message":"Clusters tasked"')) tasked += 1;
    },
  });
  history = recordApprovals(world);
});
afterAll(() => world?.stop());

async function approvedEvents(digest: string): Promise<number> {
  const events = await world.events();
  return events.filter(
    ({ attributes, data }) =>
      attributes['type'] === 'sync.approved' && JSON.stringify(data).includes(`"${digest}"`),
  ).length;
}

/** Whether tasks are delivered, or kept until they are. */
async function deliverTasks(now: boolean): Promise<void> {
  const endpoint = `${world.functions.get('cluster')?.url}/tasks`;
  const path = 'projects/local/subscriptions/countersign-tasks-cluster:modifyPushConfig';
  const answer = await fetch(`http://${world.pubsub.host}/v1/${path}`, {
    method: 'POST',
    body: JSON.stringify({ pushConfig: now ? { pushEndpoint: endpoint } : {} }),
  });
  expect(answer.status).toBe(200);
}

/** Waits until every cluster has done the tasks of that many events. */
async function tasksDone(events: number): Promise<void> {
  await vi.waitFor(() => expect(done).toHaveLength(events * CLUSTERS), PATIENCE);
}

async function settled(digest: string): Promise<void> {
  await vi.waitFor(() => {
    for (const seen of history.values()) expect(seen.at(-1)).toBe(digest);
  }, PATIENCE);
}

describe('events', () => {
  it('that come fifty times at once are one event, and cost the lists of one', async () => {
    const digest = await withoutEvents(world, () => publishSigned(world, 'a: 1\n'));
    const lists = world.emulated.map((cluster) => callsOf(cluster, 'list'));
    const event = eventOf(world, digest);
    // No reconcile begins before the last task is published.
    await deliverTasks(false);
    await Promise.all(Array.from({ length: COPIES }, () => world.pubsub.publish('gcr', event)));
    await vi.waitFor(() => expect(tasked).toBe(COPIES), PATIENCE);
    await deliverTasks(true);
    await tasksDone(COPIES);
    await settled(digest);
    for (const [index, cluster] of world.emulated.entries()) {
      const reconciled = done.filter(
        (task) => task.cluster === cluster.name && task.status === 'reconciled',
      );
      // Two lists for the first task, which covers the rest.
      expect(callsOf(cluster, 'list') - (lists[index] ?? 0)).toBe(2);
      expect(reconciled).toHaveLength(1);
    }
    expect([...history.values()]).toEqual(world.clusters.map(() => [digest]));
    expect(await approvedEvents(digest)).toBe(CLUSTERS);
  });

  it('of two tag moves that arrive in reverse order end where the registry is', async () => {
    const [first] = [...history.values()].map((seen) => seen.at(-1));
    const [older, newer] = await withoutEvents(world, async () => [
      await publishSigned(world, 'b: 1\n'),
      await publishSigned(world, 'c: 1\n'),
    ]);
    await world.pubsub.publish('gcr', eventOf(world, newer ?? ''));
    await settled(newer ?? '');
    await tasksDone(COPIES + 1);
    await world.pubsub.publish('gcr', eventOf(world, older ?? ''));
    await tasksDone(COPIES + 2);
    // The older digest was never what the registry said when a cluster asked, so it was never approved.
    expect([...history.values()]).toEqual(world.clusters.map(() => [first, newer]));
  });

  it('that can never be understood go to the dead letters once, with their reason', async () => {
    await world.pubsub.publish('gcr', { action: 'INSERT', tag: 'not a reference' });
    const letters = await vi.waitFor(async () => {
      const subscription = 'countersign-dead-letters-local';
      const pulled = await world.pubsub.pull(subscription, AbortSignal.timeout(PATIENCE.timeout));
      expect(pulled).toHaveLength(1);
      return pulled;
    }, PATIENCE);
    expect(letters[0]?.attributes).toMatchObject({
      'countersign-code': 'bad-request',
      'countersign-reason': expect.stringContaining('tag'),
    });
  });
});
