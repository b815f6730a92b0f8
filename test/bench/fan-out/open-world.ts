import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openPubsub,
  createTopics,
  PUSH_SUBSCRIPTIONS,
  TOPICS,
} from '#infra/local/local-world/pubsub.ts';
import { freePort } from '#test/e2e/tools/free-port.ts';
import { startPubsubEmulator } from '#test/e2e/tools/pubsub-emulator.ts';
import type { App } from '../process/build-app.ts';
import { readImageEnv, readImageFlags } from '../process/image-env.ts';
import { type OwnProcess, startOwnProcess } from '../process/own-process.ts';
import { type Server, type ServerCommand, spawnServer } from '../process/spawn-server.ts';
import type { BareResult, BareTask } from './bare-process.ts';
import { benchConfig } from './bench-config.ts';
import { type CountedRegistry, startCountedRegistry } from './counted-registry.ts';
import type { FleetPlan } from './fleet-double.ts';
import type { GatewayCounts, GatewayTask } from './gateway-process.ts';

/** Everything a push goes through, each in a process of its own, except for the registry. */
export interface World {
  readonly registry: CountedRegistry;
  readonly functions: Readonly<Record<'push' | 'cluster', Server>>;
  gateway(task?: GatewayTask): Promise<GatewayCounts>;
  bare(task: BareTask): Promise<BareResult>;
  /** Starts one more process of a function with a message at its door, and ends it once that is acknowledged. */
  startAndSend(name: 'push' | 'cluster', path: string, data: object): Promise<ColdStart>;
  /** Puts messages on a topic, many at a time. */
  publish(topic: string, messages: readonly BenchMessage[]): Promise<void>;
  readonly pubsubHost: string;
  close(): Promise<void>;
}

/** What it took until the first message was acknowledged, in milliseconds. */
export interface ColdStart {
  readonly ms: number;
  readonly cpuMs: number;
}

export interface BenchMessage {
  readonly data: object;
  readonly orderingKey?: string;
}

export interface WorldOptions {
  readonly app: Pick<App, 'dir' | 'cached'>;
  readonly clusters: number;
  /** Images of the fleet's RootSyncs by path, with how many clusters follow each; the last one has the rest. */
  readonly images: readonly { readonly path: string; readonly clusters?: number }[];
  readonly pubsub: 'embedded' | 'google';
}

/** More than is ever called: what is measured is not the pace. */
const NO_QUOTA = '9999999';
export const BARE_NUMBER = '43';
const NUMBER = '42';
export const HOP = 'hop';
const ACK_DEADLINE_SECONDS = 600;
const MESSAGES_AT_ONCE = 1_000;

export async function openWorld(options: WorldOptions): Promise<World> {
  const { app, clusters } = options;
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const registry = await startCountedRegistry();
  parts.defer(() => registry.close());
  const gatewayProcess = adopt(
    startOwnProcess<GatewayTask, GatewayCounts>(new URL('gateway-process.ts', import.meta.url)),
  );
  const [image, flags] = [await readImageEnv(), await readImageFlags()];
  // The same flags of V8 as ours.
  const bareProcess = adopt(
    startOwnProcess<BareTask, BareResult>(new URL('bare-process.ts', import.meta.url), image),
  );
  const pubsubHost = await openBroker(options.pubsub);

  function adopt<Task, Result>(own: OwnProcess<Task, Result>): OwnProcess<Task, Result> {
    parts.defer(() => own.stop());
    return own;
  }

  async function openBroker(kind: WorldOptions['pubsub']): Promise<string> {
    if (kind === 'google') {
      const emulator = await startPubsubEmulator();
      parts.defer(() => emulator.close());
      return emulator.host;
    }
    const module = new URL('pubsub-process.ts', import.meta.url);
    return adopt(startOwnProcess<object, string>(module)).ask({});
  }

  const gateway = (task: GatewayTask = {}): Promise<GatewayCounts> => gatewayProcess.ask(task);
  const images = options.images.map(({ path, ...rest }) => ({
    image: `${registry.host}/${path}:v1`,
    ...rest,
  }));
  const plans: FleetPlan[] = [
    { project: 'fleet-host', number: NUMBER, clusters, images },
    { project: 'bare', number: BARE_NUMBER, clusters, images },
  ];
  const { url } = await gateway({ plans });
  const config = join(dir, 'countersign.yaml');
  const store = join(dir, 'store.sqlite');
  await writeFile(
    config,
    benchConfig({ registry: registry.host, publicKey: registry.publicKey, store }),
  );
  const env = {
    ...image,
    ...app.cached,
    COUNTERSIGN_CONFIG: config,
    COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE: NO_QUOTA,
    GKE_HUB_EMULATOR_HOST: new URL(url).host,
    PUBSUB_EMULATOR_HOST: pubsubHost,
    METADATA_SERVER_DETECTION: 'none',
  };
  const spawn = async (name: string, first?: ServerCommand['first']): Promise<Server> => {
    const args = [...flags, join(app.dir, 'start.js'), name];
    const shared = { args, env, port: await freePort(), log: join(dir, `${name}.log`) };
    return spawnServer(first === undefined ? shared : { ...shared, first });
  };
  const start = async (name: string): Promise<Server> => {
    const server = await spawn(name);
    parts.defer(() => server.stop());
    return server;
  };
  const functions = { push: await start('push'), cluster: await start('cluster') };
  const pubsub = openPubsub(pubsubHost, 'local');
  await createTopics(pubsub);
  await pubsub.createTopic(HOP);
  const endpoints = [
    ...PUSH_SUBSCRIPTIONS.flatMap(({ topic, to, path, ordered }) =>
      to === 'push' || to === 'cluster'
        ? [{ topic, ordered, endpoint: `${functions[to].url}${path}` }]
        : [],
    ),
    { topic: HOP, ordered: true, endpoint: (await bareProcess.ask({ kind: 'endpoint' })).url },
  ];
  for (const { topic, ordered, endpoint } of endpoints) {
    await pubsub.replaceSubscription(`${topic}-bench`, {
      topic: pubsub.topicName(topic),
      pushConfig: { pushEndpoint: endpoint },
      ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
      enableMessageOrdering: ordered,
    });
  }

  const owned = parts.move();
  return {
    registry,
    functions,
    gateway,
    bare: (task) => bareProcess.ask(task),
    async startAndSend(name, path, data) {
      const server = await spawn(name, { method: 'POST', path, body: envelope(data) });
      const cpuMs = await server.firstAnswerCpuMs();
      await server.stop();
      return { ms: server.startMs, cpuMs };
    },
    publish: (topic, messages) => publish(pubsubHost, topic, messages),
    pubsubHost,
    close: () => owned.disposeAsync(),
  };
}

async function publish(
  host: string,
  topic: string,
  messages: readonly BenchMessage[],
): Promise<void> {
  for (let at = 0; at < messages.length; at += MESSAGES_AT_ONCE) {
    const page = messages.slice(at, at + MESSAGES_AT_ONCE).map(({ data, ...rest }) => ({
      data: Buffer.from(JSON.stringify(data)).toString('base64'),
      ...rest,
    }));
    const answer = await fetch(`http://${host}/v1/projects/local/topics/${topic}:publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: page }),
    });
    if (!answer.ok) throw new Error(`Pub/Sub answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}

let sent = 0;

/** As Pub/Sub wraps a message that it pushes. */
function envelope(data: object): string {
  sent += 1;
  const message = {
    data: Buffer.from(JSON.stringify(data)).toString('base64'),
    messageId: `bench-${sent}`,
    publishTime: new Date().toISOString(),
  };
  return JSON.stringify({ message, subscription: 'projects/local/subscriptions/bench' });
}

export const GCR = TOPICS.registry;
export const SWEEP_TASKS = TOPICS.sweepTasks;
