/** What a deployment does in a day. */
export interface Fleet {
  readonly clusters: number;
  readonly pushesADay: number;
  /** Part of the clusters that follow an image, on average. */
  readonly followersShare: number;
  /** Minutes in which a sweep looks at every cluster once. */
  readonly sweepMinutes: number;
}

/** Measured by `npm run bench`, in milliseconds of one core (docs/performance.md). */
export interface Measured {
  readonly taskCpuMs: number;
  readonly emptyTaskCpuMs: number;
  readonly pushCpuMs: number;
  readonly fanOutCpuMs: number;
}

/** US dollars, before free tiers and discounts. Parameters: check them against the price list of your region. */
export interface Prices {
  readonly vcpuSecond: number;
  readonly gibSecond: number;
  readonly requestMillion: number;
  readonly pubsubTib: number;
  readonly firestoreReads100k: number;
  readonly firestoreWrites100k: number;
  readonly logGib: number;
}

/** Quotas a minute. Parameters as well: Google raises them when asked. */
export interface Quotas {
  readonly gatewayCalls: number;
  readonly pushShare: number;
  readonly sweepShare: number;
}

export interface Bill {
  readonly gatewayCallsAMinute: number;
  /** Minutes from a push to the last approval of its followers, by the budget of calls alone. */
  readonly minutesAPush: number;
  /** In which every cluster is looked at, once the budget has stretched it. */
  readonly sweepMinutes: number;
  readonly dollarsADay: Readonly<Record<'run' | 'pubsub' | 'firestore' | 'logs' | 'total', number>>;
}

const DAY_MINUTES = 1_440;
const LISTS = 2;
const PATCHES = 1;
/** Part of an instance's time that is work: the rest of it waits for clusters, and is billed. */
const UTILISATION = 0.5;
const GIB_PER_INSTANCE = 0.5;
const KIB = 1024;
/** Pub/Sub counts at least 1 kB for a message, once as it comes and once as it goes. */
const PUBSUB_BYTES = 2 * 1_000;
/** A task, and on average one event that reports what came of it. */
const MESSAGES_A_TASK = 2;
/** Firestore bills one read for so many that it counts. */
const COUNTED_A_READ = 1_000;
/** For one instance of `push`, as `KNOWN_KEPT_MS` has it. */
const NAMES_KEPT_MINUTES = 15;
/** Lines of the log of one task, written and kept. */
const LOG_BYTES_A_TASK = 1.6 * KIB;

export function billOf(
  { clusters, pushesADay, followersShare, sweepMinutes }: Fleet,
  measured: Measured,
  prices: Prices,
  quotas: Quotas,
): Bill {
  const followers = Math.max(1, Math.round(clusters * followersShare));
  const tasks = pushesADay * followers;
  const sweepBudget = quotas.gatewayCalls * quotas.sweepShare;
  const stretched = Math.max(sweepMinutes, (clusters * LISTS) / sweepBudget);
  const looks = (DAY_MINUTES / stretched) * clusters;
  const calls = tasks * (LISTS + PATCHES) + looks * LISTS;
  const cpuMs =
    tasks * (measured.taskCpuMs + measured.fanOutCpuMs) +
    looks * measured.emptyTaskCpuMs +
    pushesADay * measured.pushCpuMs;
  const seconds = cpuMs / 1000 / UTILISATION;
  const requests = tasks + looks + pushesADay;
  const run =
    seconds * (prices.vcpuSecond + GIB_PER_INSTANCE * prices.gibSecond) +
    (requests / 1e6) * prices.requestMillion;
  const messages = tasks * MESSAGES_A_TASK + looks + pushesADay;
  const pubsub = ((messages * PUBSUB_BYTES) / KIB ** 4) * prices.pubsubTib;
  // A push asks for the names of its followers and for the number of all clusters, for their names once in a while.
  const listings = Math.min(pushesADay, DAY_MINUTES / NAMES_KEPT_MINUTES);
  const names = pushesADay * (followers + Math.ceil(clusters / COUNTED_A_READ));
  const reads = names + listings * clusters + tasks * 2 + looks;
  const writes = tasks + looks;
  const firestore =
    (reads / 1e5) * prices.firestoreReads100k + (writes / 1e5) * prices.firestoreWrites100k;
  const logs = (((tasks + looks) * LOG_BYTES_A_TASK) / KIB ** 3) * prices.logGib;
  return {
    gatewayCallsAMinute: calls / DAY_MINUTES,
    minutesAPush: (followers * (LISTS + PATCHES)) / (quotas.gatewayCalls * quotas.pushShare),
    sweepMinutes: stretched,
    dollarsADay: { run, pubsub, firestore, logs, total: run + pubsub + firestore + logs },
  };
}
