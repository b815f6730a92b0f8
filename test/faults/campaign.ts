import { performance } from 'node:perf_hooks';
import type { StatusEvent } from '#shared/status/events.ts';
import { type Brokers, createBrokers } from './brokers.ts';
import { createChaos } from './chaos.ts';
import { type Journal, createJournal } from './journal.ts';
import { checkFinalState } from './oracle/check-final-state.ts';
import { checkReports } from './oracle/check-reports.ts';
import { type Violation, createVerdicts } from './oracle/violations.ts';
import { watchCalls } from './oracle/watch-calls.ts';
import { watchEvents } from './oracle/watch-events.ts';
import { watchPatches } from './oracle/watch-patches.ts';
import { createPublisher } from './publisher.ts';
import { createRandom } from './random.ts';
import { type Clock, createClock } from './sim/clock.ts';
import { createSimCluster } from './sim/cluster.ts';
import { NO_FAULTS, RATES } from './sim/faults.ts';
import { createSimRegistry } from './sim/registry.ts';
import { createSimStore } from './sim/store.ts';
import { drawPlan } from './world.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly pushes: number;
  readonly images: number;
  readonly clusters: number;
  /** Share of notifications that are lost; 1: the sweep is alone. */
  readonly drop?: number;
}

export interface CampaignResult {
  readonly seed: number;
  /** Hash of every step. */
  readonly trace: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  /** Everything that happened. */
  readonly steps: () => readonly string[];
  readonly virtualMs: number;
  readonly wallMs: number;
}

const START = Date.parse('2026-11-22T00:00:00Z');
/** Mean time between two pushes anywhere in the fleet. */
const GAP_MS = 6_000;
/** After the last push nothing goes wrong any more, and the sweep has this long. */
const REST_MS = 75 * 60_000;
const SWEEP_EVERY_MS = 60_000;

/** One campaign, from its seed to its verdict. The same options give the same steps. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const began = performance.now();
  const random = createRandom(`${options.seed}`);
  const clock = createClock(START);
  const journal = createJournal(() => clock.now(), START);
  const plan = drawPlan(options, random.fork('plan'));
  const registry = createSimRegistry({ clock, journal });
  const clusters = new Map(
    plan.clusters.map((of) => [of.name, createSimCluster(of, { clock, journal })]),
  );
  const store = createSimStore();
  let rates = { ...RATES, ...(options.drop === undefined ? {} : { drop: options.drop }) };
  const verdicts = createVerdicts(journal);
  const calls = watchCalls({ clusters, store, verdicts });
  const events = watchEvents({ clock, journal, verdicts });
  const lookAtPatch = watchPatches({ clock, registry, verdicts });
  const chaos = createChaos({
    clock,
    journal,
    plan,
    registry,
    clusters,
    store,
    calls,
    random: random.fork('chaos'),
    faulty: () => rates !== NO_FAULTS,
  });
  const brokers = createBrokers({
    clock,
    journal,
    calls,
    verdicts,
    random: random.fork('brokers'),
    rates: () => rates,
    around: {
      clock,
      plan,
      registry,
      clusters,
      store,
      registryIsUp: () => chaos.registryIsUp(),
      publishStatus: (event: StatusEvent) => events.published(event),
      observer: {
        called(cluster, verb) {
          journal.count(`cluster calls: ${verb}`);
          calls.called(cluster, verb);
        },
        patched(cluster, seen) {
          journal.step(
            `${cluster.plan.name} ${seen.key}`,
            `${seen.by} patches ${describe(seen.after.metadata.annotations)}`,
          );
          lookAtPatch(cluster, seen);
        },
      },
    },
  });
  chaos.start();
  const publisher = createPublisher({
    clock,
    journal,
    plan,
    registry,
    brokers,
    random: random.fork('pushes'),
  });
  tickSweep(clock, journal, brokers);
  const pushesEnd = publisher.start(options.pushes, GAP_MS);
  await clock.run(pushesEnd);
  rates = NO_FAULTS;
  publisher.stop();
  brokers.silence();
  chaos.stop();
  journal.step('world', 'everything is well from now on');
  await clock.run(pushesEnd + REST_MS);
  checkFinalState({ clock, registry, clusters, verdicts });
  checkReports({
    clock,
    plan,
    registry,
    clusters,
    verdicts,
    received: events.received,
    losses: store.losses,
    outages: chaos.outages,
    leavings: chaos.leavings,
  });
  await store.close();
  return {
    seed: options.seed,
    trace: journal.hash(),
    counts: journal.counts(),
    violations: verdicts.violations,
    steps: () => journal.steps(),
    virtualMs: clock.now() - START,
    wallMs: performance.now() - began,
  };
}

/** Cloud Scheduler: each minute, whatever became of the last one. */
function tickSweep(clock: Clock, journal: Journal, brokers: Brokers): void {
  journal.count('sweeps');
  brokers.sweep();
  clock.after(SWEEP_EVERY_MS, () => tickSweep(clock, journal, brokers));
}

function describe(annotations: Readonly<Record<string, string>>): string {
  const approved = annotations['countersign.dev/approved'] ?? '';
  return `approved: ${approved.replaceAll(/sha256:([0-9a-f]{8})[0-9a-f]*/g, '$1')}`;
}
