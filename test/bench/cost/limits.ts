import { DAY_MINUTES, type Fleet, type Load, type Measured, type Quotas, loadOf } from './model.ts';

/** One limit, what an even day takes of it, and what is done about it. */
export interface Limit {
  readonly name: string;
  readonly limit: string;
  /** Part of it; above 1 it is exceeded. */
  readonly use: number;
  /** Who raises it, or what is sharded, and by what key. */
  readonly remedy: string;
}

/** What is one for all, and what each fleet has of its own. */
export interface Simulated {
  /** Each has a host project with its quota of Connect Gateway, and an installation of its own. */
  readonly fleets: number;
  /** Of all. */
  readonly clusters: number;
  readonly pushesADay: number;
  readonly followersShare: number;
  readonly measured: Measured;
  readonly quotas: Quotas;
}

const MINUTE_SECONDS = 60;
const CALLS_A_TASK = 3;
const DAY_SECONDS = DAY_MINUTES * MINUTE_SECONDS;
/** Requests of one push to the registry (docs/performance.md#calls). */
const REGISTRY_REQUESTS = 15;
/** Instances that look at a pushed digest: `push`, and `cluster`. */
const INSTANCES_A_FLEET = 2;
const REGISTRY_QUOTA = 60_000;
/** Of a small region, in a second, from memory: messages count as 1 kB. The registry's quota was looked up (cloud.google.com/artifact-registry/quotas). */
const PUBSUB_PUBLISH_KB = 50_000;
/** Of one index over values that grow: what follows the time of writes is one (`writtenAt`). */
const GROWING_INDEX_WRITES = 500;
/** Of each of the documents of names, in a second. */
const DOCUMENT_WRITES = 1;
const SHARDS = 64;
/** An RSync changes its source once in so many days, and so a cluster's line among the names. */
const FOLLOWS_CHANGE_DAYS = 1;
/** Clusters for which sweep has been measured within the memory of the image. */
const SWEPT_CLUSTERS = 20_000;
/** A sweep that takes longer than its minute is overtaken by the next. */
const SWEEP_MS = MINUTE_SECONDS * 1000;
const MAX_NAMED_CLUSTERS = 100_000;
const CLOUD_RUN_INSTANCES = 100;

/** What an even day takes of the limits of each fleet, or of all where the limit is theirs together. */
export function limitsOf(simulated: Simulated): readonly Limit[] {
  const { fleets, measured, quotas } = simulated;
  const clusters = simulated.clusters / fleets;
  const fleet: Fleet = {
    clusters,
    // A push reaches the followers of every fleet.
    pushesADay: simulated.pushesADay,
    followersShare: simulated.followersShare,
    sweepMinutes: 15,
    syncs: 1,
    images: 20,
  };
  const load = loadOf(fleet, measured, quotas);
  const perSecond = (count: number): number => count / DAY_SECONDS;
  const pushBudget = quotas.gatewayCalls * quotas.pushShare * DAY_MINUTES;
  return [
    {
      name: 'gateway: pushes',
      limit: `${(quotas.gatewayCalls * quotas.pushShare).toLocaleString('en')} calls a minute`,
      use: (load.tasks * CALLS_A_TASK) / pushBudget,
      remedy: 'a raised quota, or more fleets',
    },
    {
      name: 'gateway: sweep in 15 minutes',
      limit: `${quotas.gatewayCalls * quotas.sweepShare} calls a minute`,
      use: load.sweepMinutes / fleet.sweepMinutes,
      remedy: 'it takes longer',
    },
    {
      name: 'an instance of `cluster`',
      limit: 'one core',
      use: coresOf(load, measured),
      remedy: 'Cloud Run adds instances',
    },
    {
      name: 'Cloud Run, `cluster`',
      limit: `${CLOUD_RUN_INSTANCES} instances`,
      use: coresOf(load, measured) / CLOUD_RUN_INSTANCES,
      remedy: 'a raised quota',
    },
    {
      name: '`sweep`: memory',
      limit: `${SWEPT_CLUSTERS.toLocaleString('en')} clusters measured`,
      use: clusters / SWEPT_CLUSTERS,
      remedy: 'more memory, then a sweep for each hash',
    },
    {
      name: '`sweep`: CPU',
      limit: 'a core',
      use: (clusters * measured.sweepCpuMs) / SWEEP_MS,
      remedy: 'a sweep for each hash',
    },
    {
      name: 'Firestore: index of `writtenAt`',
      limit: `${GROWING_INDEX_WRITES} writes a second`,
      use: perSecond(load.writes) / GROWING_INDEX_WRITES,
      remedy: 'an index for each hash',
    },
    {
      name: 'Firestore: writes of names',
      limit: `${SHARDS * DOCUMENT_WRITES} a second`,
      use: perSecond(clusters / FOLLOWS_CHANGE_DAYS) / SHARDS / DOCUMENT_WRITES,
      remedy: 'more documents by hash',
    },
    {
      name: 'Firestore: size of names',
      limit: `${MAX_NAMED_CLUSTERS.toLocaleString('en')} clusters`,
      use: clusters / MAX_NAMED_CLUSTERS,
      remedy: 'the same',
    },
    {
      name: 'Artifact Registry, all fleets',
      limit: `${REGISTRY_QUOTA.toLocaleString('en')} a minute`,
      use:
        (simulated.pushesADay * fleets * INSTANCES_A_FLEET * REGISTRY_REQUESTS) /
        DAY_MINUTES /
        REGISTRY_QUOTA,
      remedy: 'several projects or regions',
    },
    {
      name: 'Pub/Sub',
      limit: `${PUBSUB_PUBLISH_KB / 1_000} MB a second`,
      use: perSecond(load.messages) / PUBSUB_PUBLISH_KB,
      remedy: 'a raised quota',
    },
  ];
}

/** Cores of `cluster` that an even day keeps busy. */
function coresOf({ tasks, looks }: Load, measured: Measured): number {
  return (tasks * measured.taskCpuMs + looks * measured.emptyTaskCpuMs) / 1000 / DAY_SECONDS;
}
