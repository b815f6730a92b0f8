import { COUNTED } from './counted.ts';
import type { Prices } from './prices.ts';

/** What a deployment does in a day. */
export interface Fleet {
  readonly clusters: number;
  readonly pushesADay: number;
  /** Part of the clusters that follow an image, on average. */
  readonly followersShare: number;
  /** Minutes in which a sweep looks at every cluster once. */
  readonly sweepMinutes: number;
  /** RSyncs of a cluster. */
  readonly syncs: number;
  /** Images that they follow. */
  readonly images: number;
}

/** Measured by `npm run bench`, in milliseconds of one core (docs/performance.md). */
export interface Measured {
  readonly taskCpuMs: number;
  readonly emptyTaskCpuMs: number;
  readonly pushCpuMs: number;
  readonly fanOutCpuMs: number;
  /** Of a sweep, for each cluster. */
  readonly sweepCpuMs: number;
  /** Lines of the log of one task, written and kept. */
  readonly logBytesATask: number;
}

/** Quotas a minute. Parameters as well: Google raises them when asked. */
export interface Quotas {
  readonly gatewayCalls: number;
  readonly pushShare: number;
  readonly sweepShare: number;
}

/** How much is done in a day. */
export interface Load {
  readonly followers: number;
  /** Of pushes. */
  readonly tasks: number;
  /** Tasks of sweeps. */
  readonly looks: number;
  /** In which every cluster is looked at, once the budget has stretched it. */
  readonly sweepMinutes: number;
  readonly gatewayCalls: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly messages: number;
  readonly reads: number;
  readonly writes: number;
}

export interface Bill extends Load {
  readonly gatewayCallsAMinute: number;
  /** Minutes from a push to the last approval of its followers, by the budget of calls alone. */
  readonly minutesAPush: number;
  readonly dollarsADay: Readonly<Record<'run' | 'pubsub' | 'firestore' | 'logs' | 'total', number>>;
}

export const DAY_MINUTES = 1_440;
const LISTS = 2;
const PATCHES = 1;
/** Part of an instance's time that is work: the rest of it waits for clusters, and is billed. */
const UTILISATION = 0.5;
const GIB_PER_INSTANCE = 0.5;
const KIB = 1024;
/** Pub/Sub counts at least 1 kB for a request, once as a message comes and once as it goes. */
const PUBSUB_BYTES = 2 * 1_000;
/** A task, and on average one event that reports what came of it. */
const MESSAGES_A_TASK = 2;
/** Firestore bills one read for so many that it counts. */
const COUNTED_A_READ = 1_000;
/** Documents of names (`SHARDS`), and how often a sweep reads them (`MEND_AFTER_MS`). */
const SHARDS = 64;
const MENDS_A_DAY = DAY_MINUTES / 15;
/** All records: every six hours, and for new instances. */
const FULL_READS_A_DAY = 6;
/** A sweep reads again what was written in the five seconds before the newest that it knows. */
const OVERLAP = 5 / 60;

/** What a day of a fleet comes to. */
export function loadOf(fleet: Fleet, measured: Measured, quotas: Quotas): Load {
  const { clusters, pushesADay, followersShare, syncs, images } = fleet;
  const followers = Math.max(1, Math.round(clusters * followersShare));
  const tasks = pushesADay * followers;
  const sweepBudget = quotas.gatewayCalls * quotas.sweepShare;
  const sweepMinutes = Math.max(fleet.sweepMinutes, (clusters * LISTS) / sweepBudget);
  const looks = (DAY_MINUTES / sweepMinutes) * clusters;
  const cpuMs =
    tasks * (measured.taskCpuMs + measured.fanOutCpuMs) +
    looks * measured.emptyTaskCpuMs +
    pushesADay * measured.pushCpuMs +
    DAY_MINUTES * clusters * measured.sweepCpuMs;
  const written = (tasks + looks) * COUNTED.taskWrites;
  const number = Math.ceil(clusters / COUNTED_A_READ);
  const names = Math.min(SHARDS, clusters);
  const changed = Math.min(written * (1 + OVERLAP), DAY_MINUTES * clusters);
  return {
    followers,
    tasks,
    looks,
    sweepMinutes,
    gatewayCalls: tasks * (LISTS + PATCHES) + looks * LISTS,
    cpuSeconds: cpuMs / 1000,
    requests: tasks + looks + pushesADay + DAY_MINUTES,
    messages: tasks * MESSAGES_A_TASK + looks + pushesADay,
    reads:
      (tasks + looks) * COUNTED.taskReads +
      Math.min(looks * syncs, DAY_MINUTES * images) * COUNTED.imageReads +
      pushesADay * (names + number + COUNTED.pushReads) +
      DAY_MINUTES * (number + COUNTED.sweepReads) +
      changed +
      MENDS_A_DAY * names +
      FULL_READS_A_DAY * clusters,
    writes: written + pushesADay * COUNTED.pushWrites + DAY_MINUTES * COUNTED.sweepWrites,
  };
}

export function billOf(fleet: Fleet, measured: Measured, prices: Prices, quotas: Quotas): Bill {
  const load = loadOf(fleet, measured, quotas);
  const { cpuSeconds, requests, messages, reads, writes, tasks, looks } = load;
  const run =
    (cpuSeconds / UTILISATION) * (prices.vcpuSecond + GIB_PER_INSTANCE * prices.gibSecond) +
    (requests / 1e6) * prices.requestMillion;
  const pubsub = ((messages * PUBSUB_BYTES) / KIB ** 4) * prices.pubsubTib;
  const firestore =
    (reads / 1e5) * prices.firestoreReads100k + (writes / 1e5) * prices.firestoreWrites100k;
  const logs = (((tasks + looks) * measured.logBytesATask) / KIB ** 3) * prices.logGib;
  return {
    ...load,
    gatewayCallsAMinute: load.gatewayCalls / DAY_MINUTES,
    minutesAPush: (load.followers * (LISTS + PATCHES)) / (quotas.gatewayCalls * quotas.pushShare),
    dollarsADay: { run, pubsub, firestore, logs, total: run + pubsub + firestore + logs },
  };
}
