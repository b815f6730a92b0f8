import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import type { Random } from '../random.ts';

/** How often things go wrong, as probabilities; all off once the campaign is to come to rest. */
export interface FaultRates {
  /** Per call of a function: its process is killed there and then. */
  readonly kill: number;
  /** The same for calls of these, where it differs. */
  readonly killAt?: Partial<Readonly<Record<Callee, number>>>;
  /** Per call: it fails, before or after it took effect. */
  readonly failure: number;
  /** Whose calls fail; absent: all callers'. */
  readonly failing?: readonly Callee[];
  /** Per message: the broker drops it. Only notifications can be lost. */
  readonly drop: number;
  /** Per message: it is delivered once more, later. */
  readonly duplicate: number;
  /** Per message: it takes minutes. */
  readonly delay: number;
  /** Per call: it takes much longer; absent: one in a hundred. */
  readonly slow?: number;
}

export const RATES: FaultRates = {
  kill: 0.0008,
  failure: 0.012,
  drop: 0.08,
  duplicate: 0.06,
  delay: 0.05,
};

/** With roll-outs: functions die where a decision is half done, between its event, its record and its tasks. */
export const STAGED_RATES: FaultRates = { ...RATES, killAt: { records: 0.008, publish: 0.004 } };

export const NO_FAULTS: FaultRates = { kill: 0, failure: 0, drop: 0, duplicate: 0, delay: 0 };

/** What a function may be answered by each that it calls. */
const FAILURES: Readonly<Record<Callee, readonly FailureCode[]>> = {
  registry: [
    'registry-unavailable',
    'registry-unavailable',
    'registry-misbehaved',
    'registry-denied',
  ],
  cluster: ['cluster-unreachable', 'cluster-conflict', 'fleet-unavailable', 'cluster-unreachable'],
  fleet: ['fleet-unavailable'],
  store: ['store-unavailable'],
  records: ['store-unavailable'],
  publish: ['publish-failed'],
};

export type Callee = 'registry' | 'cluster' | 'fleet' | 'store' | 'records' | 'publish';

/** One of the failures that `callee` is known to answer with. */
export function drawFailure(callee: Callee, random: Random): CountersignError {
  return new CountersignError(random.pick(FAILURES[callee]), `Injected failure of the ${callee}`);
}

/** Mean time of a call, in milliseconds; now and then one takes much longer. */
export const LATENCY: Readonly<Record<Callee, number>> = {
  registry: 40,
  cluster: 60,
  fleet: 15,
  store: 2,
  records: 5,
  publish: 15,
};
