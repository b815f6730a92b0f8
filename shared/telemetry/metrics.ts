import { FAILURE_CODES } from '#shared/core/errors.ts';
import { CLUSTER_PHASES, PHASES } from '#shared/core/phase.ts';
import { TASK_REASONS } from '#shared/core/task.ts';
import { SYNC_EVENTS } from '#shared/core/transition.ts';

/**
 * One metric. A `counter` is recorded once for each thing that happened, a `histogram` for each thing measured, a `gauge`
 * as often as there is something to read off, and a `sum` with how much there was since it was last recorded.
 */
export interface Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge' | 'sum';
  /** Seconds, or things. */
  readonly unit: 's' | '1';
  /** Every value that a label may have: neither clusters nor images, for each value is a time series of its own. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly meaning: string;
}

/** The routes to which Pub/Sub delivers. */
export const MESSAGE_ROUTES = ['/', '/tasks', '/sweep-tasks', '/resync-tasks', '/events'] as const;

const VERBS = ['list', 'get', 'patch', 'discover'] as const;

/** Every metric there is: what is recorded, what the docs list and what alerts may be made of. */
export const METRICS = {
  push_to_approved: {
    kind: 'histogram',
    unit: 's',
    labels: { reason: ['push', 'signature'] },
    meaning: 'From the publication of a notification to the approval of one RSync',
  },
  approved_to_synced: {
    kind: 'histogram',
    unit: 's',
    labels: {},
    meaning: 'From the approval of one RSync to the look at which Config Sync reports it live',
  },
  verdicts: {
    kind: 'counter',
    unit: '1',
    labels: {
      verdict: ['verified', 'unsigned', 'incomplete', 'untrusted', 'unusable', 'unchecked'],
    },
    meaning: 'Verdicts of images that were published: each change of one',
  },
  transitions: {
    kind: 'counter',
    unit: '1',
    labels: { type: SYNC_EVENTS },
    meaning: 'Transitions of RSyncs that were published',
  },
  cluster_transitions: {
    kind: 'counter',
    unit: '1',
    labels: { phase: CLUSTER_PHASES },
    meaning: 'Transitions of clusters that were published',
  },
  retries: {
    kind: 'counter',
    unit: '1',
    labels: { code: FAILURE_CODES, route: MESSAGE_ROUTES },
    meaning: 'Messages handed back to Pub/Sub, to be tried again',
  },
  given_up: {
    kind: 'counter',
    unit: '1',
    labels: { code: FAILURE_CODES, route: MESSAGE_ROUTES },
    meaning: 'Messages that Countersign put on the dead-letter topic',
  },
  request_failures: {
    kind: 'counter',
    unit: '1',
    labels: { code: FAILURE_CODES },
    meaning: 'Requests to the API, the sweep or the webhook that were answered with 5xx',
  },
  task_duration: {
    kind: 'histogram',
    unit: 's',
    labels: {
      reason: TASK_REASONS,
      status: ['covered', 'unknown-cluster', 'unreachable', 'reconciled', 'failed'],
    },
    meaning: 'One task: what it takes to look after one cluster',
  },
  cluster_calls: {
    kind: 'sum',
    unit: '1',
    labels: { verb: VERBS },
    meaning: 'Calls to clusters, every attempt counted',
  },
  cluster_errors: {
    kind: 'counter',
    unit: '1',
    labels: { code: FAILURE_CODES, verb: VERBS },
    meaning: 'Calls to clusters that failed, their retries included',
  },
  sweep_duration: { kind: 'histogram', unit: 's', labels: {}, meaning: 'One sweep' },
  sweep_lag: {
    kind: 'gauge',
    unit: 's',
    labels: {},
    meaning: 'Since the cluster that was seen longest ago was looked at',
  },
  sweep_stretch: {
    kind: 'gauge',
    unit: '1',
    labels: {},
    meaning: 'The period in effect over the configured one: above 1, calls do not suffice',
  },
  fleet_clusters: {
    kind: 'gauge',
    unit: '1',
    labels: { state: ['all', 'tasked', 'unsettled', 'unreachable'] },
    meaning: 'Clusters at the last sweep',
  },
  fleet_rsyncs: {
    kind: 'gauge',
    unit: '1',
    labels: { phase: PHASES },
    meaning: 'RSyncs at the last sweep',
  },
  review_duration: {
    kind: 'histogram',
    unit: 's',
    labels: { outcome: ['allowed', 'denied', 'failed'] },
    meaning: 'One admission review',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** The labels of a metric: every one of them, and no value that is not on its list. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof (typeof METRICS)[Name]['labels']]: Extract<
    (typeof METRICS)[Name]['labels'][Label],
    readonly string[]
  >[number];
};

export interface Meter {
  record<Name extends MetricName>(name: Name, value: number, labels: LabelsOf<Name>): void;
}

/** What was recorded, as a field of a line of the log: at most one observation of each metric. */
export interface MetricFields {
  readonly metrics?: Readonly<Record<string, Observed>>;
}

export interface Observed {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A meter whose observations ride on the lines that are written anyway. */
export interface LineMeter extends Meter {
  /** Takes what waits for a line; no field at all where there is nothing. */
  ride(): MetricFields;
}

/** Records nothing. */
export const noMeter: LineMeter = { record: () => undefined, ride: () => ({}) };
