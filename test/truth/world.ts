import { type Brokers, createBrokers } from '#test/faults/brokers.ts';
import type { Surroundings } from '#test/faults/functions.ts';
import { type Journal, createJournal } from '#test/faults/journal.ts';
import { type Verdicts, createVerdicts } from '#test/faults/oracle/violations.ts';
import { watchCalls } from '#test/faults/oracle/watch-calls.ts';
import { type EventWatch, watchEvents } from '#test/faults/oracle/watch-events.ts';
import { type Random, createRandom } from '#test/faults/random.ts';
import { type Clock, createClock } from '#test/faults/sim/clock.ts';
import { type SimCluster, createSimCluster } from '#test/faults/sim/cluster.ts';
import { type FaultRates, NO_FAULTS } from '#test/faults/sim/faults.ts';
import { type SimRegistry, createSimRegistry } from '#test/faults/sim/registry.ts';
import { type SimStore, createSimStore } from '#test/faults/sim/store.ts';
import type { TruthPlan } from './plan.ts';
import { type TrustOfWorld, createTrust } from './trust.ts';

/** Everything of one history: what is true in it, and the functions that report it. */
export interface World {
  readonly plan: TruthPlan;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly registry: SimRegistry;
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly store: SimStore;
  readonly trust: TrustOfWorld;
  readonly brokers: Brokers;
  readonly events: EventWatch;
  /** Publications that were begun, whether or not they got through. */
  readonly begun: readonly Begun[];
  readonly verdicts: Verdicts;
  readonly around: Surroundings;
  readonly weather: Weather;
  close(): Promise<void>;
}

export interface Begun {
  readonly at: number;
  readonly type: string;
  /** The reference that it names. */
  readonly image: string | undefined;
}

/** What goes wrong with the functions at the moment. */
export interface Weather {
  rates: FaultRates;
  registryUp: boolean;
}

const SLOW = 0.1;

/** A cluster that cannot be reached is a deed, so that what is reported of it can be compared with it. */
export const ROUGH: FaultRates = {
  kill: 0.02,
  failure: 0.03,
  failing: ['registry', 'store', 'publish'],
  drop: 0.2,
  duplicate: 0.2,
  delay: 0.2,
  slow: SLOW,
};

/** Nothing fails; what is read is old now and then when it is published. */
export const CALM: FaultRates = { ...NO_FAULTS, slow: SLOW };

const START = Date.parse('2026-11-28T00:00:00Z');
const SWEEP_EVERY_MS = 60_000;

/** `onEvent` is called before each status event is taken in. */
export function openWorld(plan: TruthPlan, seed: string, onEvent: () => void): World {
  const random = createRandom(seed);
  const clock = createClock(START);
  const journal = createJournal(() => clock.now(), START);
  const registry = createSimRegistry({ clock, journal });
  const clusters = new Map(
    plan.clusters.map((of) => [of.name, createSimCluster(of, { clock, journal })]),
  );
  const store = createSimStore();
  const trust = createTrust(registry);
  const verdicts = createVerdicts(journal);
  const calls = watchCalls({ clusters, store, verdicts });
  const events = watchEvents({ clock, journal, verdicts });
  const begun: Begun[] = [];
  const weather: Weather = { rates: CALM, registryUp: true };
  const around = {
    clock,
    plan,
    registry,
    clusters,
    store,
    trust,
    times: plan.times,
    registryIsUp: () => weather.registryUp,
    publishing: ({ type, data }: Parameters<EventWatch['published']>[0]) => {
      begun.push({ at: clock.now(), type, image: 'image' in data ? data.image : undefined });
    },
    publishStatus: (event: Parameters<EventWatch['published']>[0]) => {
      onEvent();
      events.published(event);
    },
    observer: {
      called: (cluster: string, verb: 'list' | 'get' | 'patch') => calls.called(cluster, verb),
      patched: () => undefined,
    },
  };
  const brokers = createBrokers({
    clock,
    journal,
    calls,
    verdicts,
    random: random.fork('brokers'),
    rates: () => weather.rates,
    around,
  });
  function sweep(): void {
    brokers.sweep();
    clock.after(SWEEP_EVERY_MS, sweep);
  }
  sweep();
  return {
    plan,
    clock,
    random,
    journal,
    registry,
    clusters,
    store,
    trust,
    brokers,
    events,
    begun,
    verdicts,
    weather,
    around: { ...around, publishTasks: (topic, tasks) => brokers.publishTasks(topic, tasks) },
    close: () => store.close(),
  };
}
