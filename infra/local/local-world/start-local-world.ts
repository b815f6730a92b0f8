import { rm, writeFile } from 'node:fs/promises';
import { defined } from '#shared/core/defined.ts';
import { reasonOf } from '#shared/net/network-reason.ts';
import type { Pace } from '../config-sync/pace.ts';
import { ensureCertificate, ensureKeyPair } from '../keys/key-pair.ts';
import { type Kube, writeKubeconfig } from '../kube/start-kube.ts';
import { startPubsub } from '../pubsub/start-pubsub.ts';
import { startRegistry } from '../registry/start-registry.ts';
import { type Collector, startCollector } from '../traces/start-collector.ts';
import { type FleetSync, type LocalCluster, startClusters } from './clusters.ts';
import { serveControl } from './control.ts';
import {
  describeConfig,
  type Effect,
  filesIn,
  type LocalWorldFiles,
  LOCAL_ADMIN,
  makeFolder,
  SERVICE_IDENTITY,
  openWorldLog,
} from './files.ts';
import { pushFirstImages } from './first-images.ts';
import { type FunctionSet, findBuilt, startFunctions } from './function-set.ts';
import type { RunningFunction } from './functions.ts';
import { endLeftovers, writeRecord } from './leftovers.ts';
import { lockFolder } from './lock-folder.ts';
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
import { startRealClusters } from './real-clusters.ts';
import type { LocalStages } from './stages.ts';
import { LocalWorldError } from './local-world-error.ts';
import { type SweepClock, tickSweep } from './tick-sweep.ts';

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
  /** How fast the stand-in of Config Sync runs. */
  readonly pace?: Pace;
  /** A folder with the real Config Sync, which then runs on real API servers. */
  readonly configSync?: string;
  /** Pub/Sub project; another one keeps two worlds apart that share an emulator. */
  readonly project?: string;
  /** Google's emulator (`host:port`) in place of the embedded Pub/Sub. */
  readonly pubsubHost?: string;
  /** Collects the functions' spans. */
  readonly traces?: boolean;
  /** Whether a signed image of every tag that is followed is there from the start. */
  readonly seeded?: boolean;
  /** Whether a push ends Config Sync's waits after failed pulls, as a person does who restarts the reconcilers. */
  readonly promptPulls?: boolean;
  /** Gets each line that a function, or the world itself, logs. */
  readonly onLine?: (name: string, line: string) => void;
  /** Gets what is done next, in a few words. */
  readonly onStep?: (step: string) => void;
}

export interface LocalWorld {
  /** `127.0.0.1:5000`, as image references have it. */
  readonly registry: string;
  readonly pubsub: PubsubRest & { readonly host: string; readonly project: string };
  readonly functions: ReadonlyMap<FunctionName, RunningFunction>;
  readonly clusters: readonly LocalCluster[];
  /** Those of them that are part of this process: all, but with the real Config Sync. */
  readonly emulated: readonly Kube[];
  readonly files: LocalWorldFiles;
  /** Where spans are collected, if they are. */
  readonly traces?: Collector;
  /** Resolves when a function ends, or a program of a cluster, that was not stopped. */
  readonly failed: Promise<LocalWorldError>;
  /** Asks for a sweep now. */
  sweepSoon(): void;
  /** Stops every part, the last started first; resolves when no process and no port is left. */
  stop(): Promise<void>;
  /** Ends the functions at once, without the wait of `stop`. */
  kill(): void;
}

const DEFAULT_CLUSTERS = 3;
const DEFAULT_SWEEP_MS = 10_000;

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
  const { clusters: count = DEFAULT_CLUSTERS, onStep = () => undefined } = options;
  const ports = choosePorts(options.ports);
  const built = findBuilt(bundles);
  const files = filesIn(dir);
  await makeFolder(files);

  // What is taken here is given back in reverse, by `stop` or by a step that fails.
  await using parts = new AsyncDisposableStack();
  parts.adopt(lockFolder(files.lock, dir), (lock) => lock.close());
  const left = await endLeftovers(files.record);
  const named = left.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
  if (left.length > 0) onStep(`Ended what a world that was killed left running: ${named}`);
  await requireFreePorts(neededPorts(ports, built, options));
  onStep(`Starting ${sayCount(count, 'cluster')} and ${sayCount(built.length, 'function')}`);
  const log = openWorldLog(files.worldLog, (line) => onLine('world', line));
  parts.defer(() => log.close());

  const pubsub = await openWorldPubsub(options, ports, parts);
  let fleetSync: FleetSync | undefined;
  const registry = await startRegistry({
    port: ports.registry,
    notify: async (notification) => {
      if (options.promptPulls === true) fleetSync?.retryPulls();
      await pubsub.publish(TOPICS.registry, notification);
    },
    onError: log.failure,
    ...defined({ immutableTags: options.immutableTags }),
  });
  parts.defer(() => registry.close());
  const made = { count, registry: registry.host, effect };
  const { pace, configSync: folder } = options;
  const fleet =
    folder === undefined
      ? await startClusters({ ...made, pace, onError: log.failure }, parts)
      : await startRealClusters({ ...made, folder, home: files.clusters, onStep }, parts);
  const { clusters } = fleet;
  const { soakSeconds, checks } = options;
  const names = clusters.map(({ name }) => name);
  const stages = soakSeconds === undefined ? undefined : { clusters: names, soakSeconds, checks };
  const { track } = options;
  await writeFiles({ files, registry: registry.host, effect, clusters, pubsub, stages, track });
  if (options.seeded === true) await pushFirstImages(registry.host, files.privateKey);
  // Stopped after the functions, which send their last spans while they drain.
  const traces = options.traces ? await startCollector({ port: ports.traces }) : undefined;
  parts.defer(() => traces?.close());
  const run = { bundles, built, ports, files, pubsubHost: pubsub.host, onLine };
  const functions = await startSteered(defined({ ...run, collector: traces?.url }), parts);
  parts.defer(() => unsubscribeAll(pubsub).catch(log.failure));
  await subscribeFunctions(pubsub, functions.running);
  fleetSync = await fleet.startSync();
  const clock = startSweeps({ options, functions, onError: log.failure }, parts);

  const owned = parts.move();
  let stopped: Promise<void> | undefined;
  return {
    registry: registry.host,
    pubsub,
    functions: functions.running,
    clusters,
    emulated: fleet.emulated,
    files,
    ...defined({ traces }),
    failed: Promise.race([functions.failed, fleet.failed]),
    sweepSoon: () => clock?.soon(),
    stop: () => (stopped ??= owned.disposeAsync()),
    kill() {
      for (const running of functions.running.values()) running.kill();
    },
  };
}

/** `3 clusters`. */
function sayCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Starts the functions, and what stops and starts one of them later; where, is written into the world's folder. */
async function startSteered(
  options: Omit<Parameters<typeof startFunctions>[0], 'onChange'>,
  parts: AsyncDisposableStack,
): Promise<FunctionSet> {
  const { record } = options.files;
  let functions: FunctionSet | undefined;
  const control = await serveControl(() => functions);
  parts.defer(() => control.close());
  parts.defer(() => rm(record, { force: true }));
  const { url, token } = control;
  functions = await startFunctions(
    {
      ...options,
      onChange(running) {
        const all = [...running.values()].map(({ name, pid, bundle }) => ({ name, pid, bundle }));
        writeRecord(record, { pid: process.pid, control: { url, token }, functions: all });
      },
    },
    parts,
  );
  return functions;
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
  await createTopics(pubsub).catch((cause: unknown) => {
    if (embedded !== undefined) throw cause;
    const message = `No Pub/Sub answers at ${host}${reasonOf(cause)}: start the emulator, or unset PUBSUB_EMULATOR_HOST`;
    throw new LocalWorldError(message, { cause });
  });
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

/** The sweep's clock; undefined where the function is not built. */
function startSweeps(
  world: {
    readonly options: LocalWorldOptions;
    readonly functions: FunctionSet;
    readonly onError: (error: unknown) => void;
  },
  parts: AsyncDisposableStack,
): SweepClock | undefined {
  const { options, functions, onError } = world;
  const { sweepMs: everyMs = DEFAULT_SWEEP_MS } = options;
  const url = functions.running.get('sweep')?.url;
  if (url === undefined) return undefined;
  return parts.adopt(tickSweep({ url, everyMs, onError }), (ticker) => ticker.stop());
}
