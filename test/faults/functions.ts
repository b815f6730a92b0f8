import { handleTask } from '#functions/cluster/handle-task.ts';
import { handleEvent } from '#functions/history/handle-event.ts';
import { handlePush } from '#functions/push/handle-push.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { readNotification } from '#shared/registry/notifications/notification.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { createSerial } from '#shared/net/serial.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Task } from '#shared/core/task.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { History } from '#shared/history/history.ts';
import type { Message } from '#shared/http/envelope.ts';
import type { ImageDeps, ReconcileDeps } from '#shared/reconcile/deps.ts';
import { createBurstResolver } from '#shared/registry/burst.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { readSubject } from '#shared/registry/read-manifest.ts';
import { createTagsOf } from '#shared/registry/tags-of.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { createVerdictCache } from '#shared/trust/verifier.ts';
import { type ClusterObserver, createFleetPort } from './ports/cluster-port.ts';
import { createRegistryPort, judgeFromRegistry } from './ports/registry-port.ts';
import { createStorePort } from './ports/store-port.ts';
import type { Clock } from './sim/clock.ts';
import type { SimCluster } from './sim/cluster.ts';
import type { Process } from './sim/process.ts';
import type { SimRegistry } from './sim/registry.ts';
import type { SimStore } from './sim/store.ts';
import type { Staged } from './staged/open-staged.ts';
import { POLICY_HASH, type Plan } from './world.ts';

/** What the functions of a campaign run in: everything outside of a process. */
export interface Surroundings {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly registry: SimRegistry;
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly store: SimStore;
  /** Whether the registry answers at the moment. */
  readonly registryIsUp: () => boolean;
  readonly publishStatus: (event: StatusEvent) => void;
  /** A publication was begun: it may get through although it is reported as failed. */
  readonly publishing?: (event: StatusEvent) => void;
  readonly publishTasks: (topic: 'tasks' | 'sweep-tasks', tasks: readonly Task[]) => void;
  readonly observer: ClusterObserver;
  /** The trust policies, and what they make of an image at this moment; absent: one that asks for the key `release`. */
  readonly trust?: Trust;
  /** Roll-outs in stages, as one process sees them, and its clock; absent: every image goes everywhere at once. */
  readonly staged?: Pick<Staged, 'staging' | 'offOf'>;
  /** Absent: those of the config's defaults. */
  readonly times?: Times;
}

/** Policies that may change while the functions run. */
export interface Trust {
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly judge: (repository: string, digests: readonly Digest[], policy: TrustPolicy) => Verdict;
}

/** What `sweep` of the config says, times in milliseconds. */
export interface Times {
  readonly periodMs: number;
  readonly blockedAfterMs: number;
  readonly liveAfterMs: number;
  readonly pendingAfterMs: number;
  readonly withdrawBrake: number;
}

const SWEEP_PERIOD_MS = 15 * 60_000;
const BLOCKED_AFTER_MS = 2 * 60_000;

const TIMES: Times = {
  periodMs: SWEEP_PERIOD_MS,
  blockedAfterMs: BLOCKED_AFTER_MS,
  liveAfterMs: 600_000,
  pendingAfterMs: 3_600_000,
  withdrawBrake: 0.05,
};
const CALLS_PER_MINUTE = 600;

const POLICY: TrustPolicy = {
  name: 'release',
  hash: POLICY_HASH,
  require: 1,
  authorities: [],
  format: 'any',
  attestations: [],
  allowUnsigned: false,
};

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What `main.ts` of a function puts together, with the outside simulated: caches live and die with the process. */
export function openImages(
  process: Pick<Process, 'call' | 'name'>,
  around: Surroundings,
): ImageDeps & { readonly port: ReturnType<typeof createRegistryPort> } {
  const { clock, plan, registry, store, registryIsUp, publishStatus, publishing, trust } = around;
  const { staged } = around;
  const now = (): Date => new Date(clock.now() + (staged?.offOf(process) ?? 0));
  const port = createRegistryPort(process, { clock, registry, registryIsUp });
  const cached = { ...port, ...createCachedRegistry(port) };
  const verdicts = createVerdictCache({ now: () => clock.now() });
  return {
    port: cached,
    resolver: createBurstResolver({
      now,
      resolve: (reference, { fresh }) => resolveImage(cached, reference, { fresh, now }),
    }),
    verifier: {
      verify: ({ repository, digest, index }, policy, options = {}) => {
        const key = JSON.stringify([repository, digest, index ?? null, policy.hash]);
        return verdicts.get(key, options, () =>
          process.call('registry', () => {
            const signed = index === undefined ? [digest] : [digest, index];
            if (trust !== undefined && registryIsUp())
              return trust.judge(repository, signed, policy);
            return judgeFromRegistry({ registry, registryIsUp }, repository, signed);
          }),
        );
      },
    },
    rules: createImageRules(plan.rules),
    policies: trust?.policies ?? new Map([[POLICY.name, POLICY]]),
    store: createStorePort(process, store),
    serial: createSerial(),
    publish: (event) => {
      publishing?.(event);
      return process.call('publish', () => publishStatus(event));
    },
    now,
    log: SILENT,
    ...(staged && { staging: staged.staging(process) }),
  };
}

export function startPush(
  process: Process,
  around: Surroundings,
): (message: Message) => Promise<void> {
  const { port, ...images } = openImages(process, around);
  const deps = {
    ...images,
    fleet: createFleetPort(process, around),
    publishTasks: (tasks: readonly Task[]) =>
      process.call('publish', () => around.publishTasks('tasks', tasks)),
    subjectOf: (repository: string, digest: Digest) => readSubject(port, repository, digest),
    tagsOf: createTagsOf({ registry: port }),
    signedIn: () => [],
    resolveNow: (reference: Reference) => images.resolver.fresh(reference),
  };
  return async (message) => handlePush(readNotification(message, parseNotification), deps);
}

export function startCluster(
  process: Process,
  around: Surroundings,
): (message: Message) => Promise<void> {
  const { port: _, ...images } = openImages(process, around);
  const deps = {
    ...images,
    fleet: createFleetPort(process, around),
    ...openRSyncs(around),
  };
  return (message) => handleTask(message, deps);
}

/** The function that records events. */
export function startHistory(
  process: Process,
  history: Pick<History, 'add'>,
): (message: Message) => Promise<void> {
  const add: History['add'] = (entry) => process.call('records', () => history.add(entry));
  return (message) => handleEvent(message, { history: { add }, log: SILENT });
}

/** How RSyncs are read, and what the config says of them. */
export function openRSyncs({
  times = TIMES,
}: Surroundings): Pick<ReconcileDeps, 'rsyncs' | 'settings'> {
  return {
    rsyncs: createRSyncs({
      onUnreadable: (_cluster, problem) => {
        throw new Error(problem);
      },
    }),
    settings: {
      blockedAfterMs: times.blockedAfterMs,
      deletingAfterMs: 600_000,
      liveAfterMs: times.liveAfterMs,
      unmatched: 'deny' as const,
      otherSources: 'deny' as const,
    },
  };
}

export function startSweep(
  process: Process,
  around: Surroundings,
): (message: Message) => Promise<void> {
  const { port: _, ...images } = openImages(process, around);
  const deps = {
    ...images,
    fleet: createFleetPort(process, around),
    publishTasks: (tasks: readonly Task[]) =>
      process.call('publish', () => around.publishTasks('sweep-tasks', tasks)),
    settings: { ...(around.times ?? TIMES), callsPerMinute: CALLS_PER_MINUTE },
    resolveNow: (reference: Reference) => images.resolver.fresh(reference),
  };
  return async ({ messageId }) => {
    await handleSweep({ ...deps, newId: () => messageId });
  };
}
