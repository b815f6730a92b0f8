import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import { createTopics } from '#shared/status/pubsub-topic.ts';
import { type Asked, answerParent } from '../process/own-process.ts';
import { type LoopTask, forEachCluster, withBareHttp, withClientNode } from './bare-loops.ts';

export type BareTask =
  | (LoopTask & { readonly kind: 'client-node' | 'http' })
  /** The endpoint that hop messages are pushed to. */
  | { readonly kind: 'endpoint' }
  /** Publishes tasks as push does, and waits until the endpoint has all of them. */
  | {
      readonly kind: 'hop';
      readonly topic: string;
      readonly pubsubHost: string;
      readonly clusters: number;
    };

export interface BareResult {
  readonly ms: number;
  readonly cpuMs: number;
  readonly url: string;
}

const agent = new Agent({ keepAlive: true });
let received = 0;
let told: (() => void) | undefined;
const endpoint = createServer((req, res) => {
  req.resume().once('end', () => {
    res.end('{}');
    received += 1;
    told?.();
  });
});
endpoint.listen(0, '127.0.0.1');
await once(endpoint, 'listening');
const address = endpoint.address();
const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;

async function publishAll(task: BareTask & { readonly kind: 'hop' }): Promise<void> {
  const { topic, pubsubHost, clusters } = task;
  const topics = createTopics({ emulatorHost: pubsubHost });
  const wanted = received + clusters;
  const all = new Promise<void>((resolve) => {
    told = () => {
      if (received >= wanted) resolve();
    };
  });
  const messages = Array.from({ length: clusters }, (_, at) => {
    const cluster = `projects/fleet-host/locations/us-west1/memberships/cluster-${at}`;
    const data = Buffer.from(JSON.stringify({ cluster, reason: 'push', id: '1' }));
    return { data, attributes: { reason: 'push' }, orderingKey: cluster };
  });
  await topics.publisher(topic).publishMany(messages);
  await all;
  await topics.close();
}

async function run(task: BareTask): Promise<void> {
  switch (task.kind) {
    case 'client-node':
      return forEachCluster(task, withClientNode(task));
    case 'http':
      return forEachCluster(task, withBareHttp(task, agent));
    case 'hop':
      return publishAll(task);
    case 'endpoint':
  }
}

async function measure(task: BareTask): Promise<BareResult> {
  const began = performance.now();
  const before = process.cpuUsage();
  await run(task);
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - began, cpuMs: (user + system) / 1000, url };
}

process.on('message', (asked: Asked<BareTask>) => answerParent(asked, measure(asked.task)));
