import { mkdir, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { defined } from '#shared/core/defined.ts';
import type { Pace } from '../config-sync/pace.ts';
import { startConfigSync } from '../config-sync/start-config-sync.ts';
import { createGate } from '../gate-evaluation.ts';
import { ensureCertificate, ensureKeyPair } from '../keys/key-pair.ts';
import { type Kube, writeKubeconfig, startKube } from '../kube/start-kube.ts';
import { startPubsub } from '../pubsub/start-pubsub.ts';
import { startRegistry } from '../registry/start-registry.ts';
import { type Collector, startCollector } from '../traces/start-collector.ts';
import {
  describeConfig,
  type Effect,
  followedImages,
  filesIn,
  type LocalWorldFiles,
  LOCAL_ADMIN,
  SERVICE_IDENTITY,
  lockFolder,
  openWorldLog,
} from './files.ts';
import { type RunningFunction, findBuilt, startFunctions } from './functions.ts';
import {
  choosePorts,
  type FunctionName,
  type PortChoice,
  type PortName,
  type Ports,
  requireFreePorts,
} from './ports.ts';
import {
  openPubsub,
  type PubsubRest,
  createTopics,
  subscribeFunctions,
  unsubscribeAll,
  TOPICS,
} from './pubsub.ts';
import type { LocalStages } from './stages.ts';
import { seedSyncs } from './syncs.ts';
import type { LocalWorldError } from './local-world-error.ts';

export interface LocalWorldOptions {
  /** Folder for every file of the world; made where it is not there. */
  readonly dir: string;
  readonly ports: PortChoice;
  /** Folder of the built functions. */
  readonly bundles: string;
  readonly clusters?: number;
  /** Between two sweeps, in milliseconds. */
  readonly sweepMs?: number;
  /** What approvals do: the default of the config is `pin`. */
  readonly effect?: Effect;
  /** The platform's image is rolled out in stages, each of which soaks for so many seconds; absent: at once. */
  readonly soakSeconds?: number;
  /** Checks of its first stage, as YAML in one line. */
  readonly checks?: string;
  /** What the platform's image and charts follow, as YAML in one line; absent: the tags that are named. */
  readonly track?: string;
  /** A tag is pushed once, as in a repository of Artifact Registry with immutable tags. */
  readonly immutableTags?: true;
  /** How fast Config Sync runs. */
  readonly pace?: Pace;
  /** Pub/Sub project; another one keeps two worlds apart that share an emulator. */
  readonly project?: string;
  /** Google's emulator (`host:port`) in place of the embedded Pub/Sub. */
  readonly pubsubHost?: string;
  /** Collects the functions' spans. */
  readonly traces?: boolean;
  /** Gets each line that a function, or the world itself, logs. */
  readonly onLine?: (name: string, line: string) => void;
}

export interface LocalWorld {
  /** `127.0.0.1:5000`, as image references have it. */
  readonly registry: string;
  readonly pubsub: PubsubRest & { readonly host: string; readonly project: string };
  readonly functions: ReadonlyMap<FunctionName, RunningFunction>;
  readonly clusters: readonly Kube[];
  readonly files: LocalWorldFiles;
  /** Where spans are collected, if they are. */
  readonly traces?: Collector;
  /** Resolves when a function ends that was not stopped. */
  readonly failed: Promise<LocalWorldError>;
  /** Stops every part, the last started first; resolves when no process and no port is left. */
  stop(): Promise<void>;
  /** Ends the functions at once, without the wait of `stop`. */
  kill(): void;
}

const DEFAULT_CLUSTERS = 3;
const DEFAULT_SWEEP_MS = 10_000;
/** Fifteen times as fast as a real cluster: a push shows within seconds. */
const DEFAULT_PACE: Pace = { pollMs: 1_000, attemptMs: 1_000, rolloutMs: 2_000 };

/**
 * Starts the whole local world (docs/quick-start.md): registry, Pub/Sub, clusters with Config Sync behind the gate, the
 * built functions, and the sweep's clock. Each emulated part has a folder beside this one, which begins with its
 * `start-….ts`. Throws a LocalWorldError for what the caller can mend (a taken port, a folder in use, no build); what had
 * been started by then is stopped.
 *
 * @example
 * const world = await startLocalWorld({ dir: '.local', ports: 'free', bundles: 'dist' });
 * await world.stop();
 */
export async function startLocalWorld(options: LocalWorldOptions): Promise<LocalWorld> {
  const { dir, bundles, effect = 'pin', onLine = () => undefined } = options;
  const ports = choosePorts(options.ports);
  const built = findBuilt(bundles);
  const files = filesIn(dir);
  await mkdir(files.logs, { recursive: true });

  // What is taken here is given back in reverse, by `stop` or by a step that fails.
  await using parts = new AsyncDisposableStack();
  parts.adopt(lockFolder(files.lock, dir), (lock) => lock.close());
  await requireFreePorts(neededPorts(ports, built, options));
  const log = openWorldLog(files.worldLog, (line) => onLine('world', line));
  parts.defer(() => log.close());

  const pubsub = await openWorldPubsub(options, ports, parts);
  const registry = await startRegistry({
    port: ports.registry,
    notify: (notification) => pubsub.publish(TOPICS.registry, notification),
    onError: log.failure,
    ...defined({ immutableTags: options.immutableTags }),
  });
  parts.defer(() => registry.close());
  const place = { count: options.clusters ?? DEFAULT_CLUSTERS, registry: registry.host, effect };
  const clusters = await startClusters(place, parts);
  const { soakSeconds, checks } = options;
  const names = clusters.map(({ name }) => name);
  const stages = soakSeconds === undefined ? undefined : { clusters: names, soakSeconds, checks };
  const { track } = options;
  await writeFiles({ files, registry: registry.host, effect, clusters, pubsub, stages, track });
  // Stopped after the functions, which send their last spans while they drain.
  const traces = options.traces ? await startCollector({ port: ports.traces }) : undefined;
  parts.defer(() => traces?.close());
  const made = { bundles, built, ports, files, pubsubHost: pubsub.host, onLine };
  const functions = await startFunctions(defined({ ...made, collector: traces?.url }), parts);
  parts.defer(() => unsubscribeAll(pubsub).catch(log.failure));
  await subscribeFunctions(pubsub, functions);
  startClocks({ options, clusters, functions, onError: log.failure }, parts);

  const owned = parts.move();
  let stopped: Promise<void> | undefined;
  return {
    registry: registry.host,
    pubsub,
    functions,
    clusters,
    files,
    ...defined({ traces }),
    failed: Promise.race([...functions.values()].map(({ died }) => died)),
    stop: () => (stopped ??= owned.disposeAsync()),
    kill() {
      for (const running of functions.values()) running.kill();
    },
  };
}

/** The fixed ports that something will listen on. */
function neededPorts(
  ports: Ports,
  built: readonly FunctionName[],
  { ports: choice, pubsubHost, traces }: LocalWorldOptions,
): Partial<Ports> {
  if (choice === 'free') return {};
  const names: PortName[] = ['registry', ...built, ...(pubsubHost ? [] : ['pubsub' as const])];
  if (traces === true) names.push('traces');
  return Object.fromEntries(names.map((name) => [name, ports[name]]));
}

async function openWorldPubsub(
  { pubsubHost, project = 'local' }: LocalWorldOptions,
  ports: Ports,
  parts: AsyncDisposableStack,
): Promise<LocalWorld['pubsub']> {
  const embedded = pubsubHost ? undefined : await startPubsub({ port: ports.pubsub });
  parts.defer(() => embedded?.close());
  const host = embedded?.host ?? pubsubHost ?? '';
  const pubsub = openPubsub(host, project);
  await createTopics(pubsub);
  return { ...pubsub, host, project };
}

/** Everything that a person or a function reads. What an earlier world stored is about other clusters: it goes. */
async function writeFiles(
  world: Pick<LocalWorld, 'files' | 'registry' | 'clusters' | 'pubsub'> & {
    readonly effect: Effect;
    readonly stages: LocalStages | undefined;
    readonly track: string | undefined;
  },
): Promise<void> {
  const { files, clusters } = world;
  await Promise.all([
    ensureKeyPair(files),
    ensureCertificate(files, new Date()),
    writeKubeconfig({ path: files.kubeconfig, clusters, user: LOCAL_ADMIN }),
    writeKubeconfig({ path: files.serviceKubeconfig, clusters, user: SERVICE_IDENTITY }),
    writeFile(files.config, describeConfig(world)),
    ...[files.store, files.records, files.history].flatMap((path) =>
      ['', '-wal', '-shm'].map((suffix) => rm(`${path}${suffix}`, { force: true })),
    ),
  ]);
}

/** What goes by the clock: Config Sync of every cluster, and the sweep. */
function startClocks(
  world: Pick<LocalWorld, 'clusters' | 'functions'> & {
    readonly options: LocalWorldOptions;
    readonly onError: (error: unknown) => void;
  },
  parts: AsyncDisposableStack,
): void {
  const { options, clusters, functions, onError } = world;
  const { pace = DEFAULT_PACE, sweepMs = DEFAULT_SWEEP_MS } = options;
  for (const { name, url } of clusters) {
    parts.adopt(startConfigSync({ name, kubeUrl: url, pace, onError }), (sync) => sync.close());
  }
  const sweep = functions.get('sweep');
  if (sweep === undefined) return;
  parts.adopt(tickSweep({ url: sweep.url, everyMs: sweepMs, onError }), (ticker) => ticker.stop());
}

/** Starts `count` clusters, each behind the gate and with its RSyncs; `parts` closes them. */
async function startClusters(
  { count, registry, effect }: { count: number; registry: string; effect: Effect },
  parts: AsyncDisposableStack,
): Promise<Kube[]> {
  const gate = createGate({
    identity: SERVICE_IDENTITY,
    breakGlass: [LOCAL_ADMIN],
    mayHold: 'countersign',
    images: [{ match: followedImages(registry), effect }],
    unmatched: 'deny',
    otherSources: 'deny',
  });
  const clusters: Kube[] = [];
  for (let number = 1; number <= count; number += 1) {
    const cluster = await startKube({ name: `cluster-${number}`, admit: [gate] });
    parts.defer(() => cluster.close());
    seedSyncs(cluster.store, registry);
    clusters.push(cluster);
  }
  return clusters;
}

/** A sweep that takes longer is given up, and the next begins. */
const SWEEP_LIMIT_MS = 60_000;

/**
 * Cloud Scheduler in small: calls the function sweep every `everyMs`, the first time at once, never twice at a time.
 * A failure goes to `onError`; the next tick is its retry.
 */
export function tickSweep(options: {
  readonly url: string;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}): { stop(): Promise<void> } {
  const { url, everyMs, onError } = options;
  const stopping = new AbortController();

  async function tick(): Promise<void> {
    while (!stopping.signal.aborted) {
      const next = performance.now() + everyMs;
      await callSweep(url, stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) onError(error);
      });
      const left = Math.max(0, next - performance.now());
      await sleep(left, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const running = tick();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function callSweep(url: string, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(SWEEP_LIMIT_MS)]);
  const response = await fetch(url, { method: 'POST', signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`Sweep answered ${response.status}: ${text}`);
}
