import { performance } from 'node:perf_hooks';
import type { StatusEvent } from '#shared/status/events.ts';
import { type Brokers, createBrokers } from './brokers.ts';
import { createChaos } from './chaos.ts';
import { type Journal, createJournal } from './journal.ts';
import { checkFinalState } from './oracle/check-final-state.ts';
import { FORGOTTEN, checkReports } from './oracle/check-reports.ts';
import { type Violation, createVerdicts } from './oracle/violations.ts';
import { watchCalls } from './oracle/watch-calls.ts';
import { watchEvents } from './oracle/watch-events.ts';
import { watchPatches } from './oracle/watch-patches.ts';
import { createPublisher } from './publisher.ts';
import { createRandom } from './random.ts';
import { createRecorder } from './recorder.ts';
import { type Clock, createClock } from './sim/clock.ts';
import { type SimCluster, createSimCluster } from './sim/cluster.ts';
import { NO_FAULTS, RATES, STAGED_RATES } from './sim/faults.ts';
import { createSimRegistry } from './sim/registry.ts';
import { createSimStore } from './sim/store.ts';
import { type Staged, openStaged } from './staged/open-staged.ts';
import { drawStagedPlan } from './staged/staged-plan.ts';
import { drawPlan } from './world.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly pushes: number;
  readonly images: number;
  readonly clusters: number;
  /** Share of notifications that are lost; 1: the sweep is alone. */
  readonly drop?: number;
  /** Most images are rolled out in stages. */
  readonly rollouts?: boolean;
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
/** Mean time between two pushes anywhere in the fleet, and with roll-outs, which take minutes. */
const GAP_MS = { usual: 6_000, staged: 75_000 };
/** After the last push nothing goes wrong any more, and the sweep has this long. */
const REST_MS = { usual: 75 * 60_000, staged: 180 * 60_000 };
const SWEEP_EVERY_MS = 60_000;

/** One campaign, from its seed to its verdict. The same options give the same steps. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const began = performance.now();
  const random = createRandom(`${options.seed}`);
  const clock = createClock(START);
  const journal = createJournal(() => clock.now(), START);
  const kind = options.rollouts === true ? 'staged' : 'usual';
  const draw = kind === 'staged' ? drawStagedPlan : drawPlan;
  const plan = draw(options, random.fork('plan'));
  const registry = createSimRegistry({ clock, journal });
  let staged: Staged | undefined;
  const clusters = new Map<string, SimCluster>(
    plan.clusters.map((of) => [
      of.name,
      createSimCluster(of, { clock, journal, written: (...given) => staged?.written(...given) }),
    ]),
  );
  const store = createSimStore();
  const usual = kind === 'staged' ? STAGED_RATES : RATES;
  let rates = { ...usual, ...(options.drop === undefined ? {} : { drop: options.drop }) };
  const verdicts = createVerdicts(journal);
  const facts = { clock, journal, plan, registry, clusters, store, verdicts };
  if (kind === 'staged') staged = openStaged({ ...facts, random: random.fork('staged') });
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
  const recorder = createRecorder({
    clock,
    journal,
    verdicts,
    rates: () => rates,
    random: random.fork('recorder'),
  });
  const brokers = createBrokers({
    clock,
    journal,
    calls,
    verdicts,
    random: random.fork('brokers'),
    rates: () => rates,
    ...(staged && { during: staged.during, tasked: staged.tasked }),
    around: {
      clock,
      plan,
      registry,
      clusters,
      store,
      registryIsUp: () => chaos.registryIsUp(),
      ...(staged && { staged }),
      publishStatus(event: StatusEvent) {
        events.published(event);
        recorder.published(event);
        staged?.published(event);
      },
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
          staged?.patched(cluster, seen);
        },
      },
    },
  });
  chaos.start();
  staged?.start(brokers);
  const publisher = createPublisher({
    clock,
    journal,
    plan,
    registry,
    brokers,
    random: random.fork('pushes'),
  });
  tickSweep(clock, journal, brokers);
  const pushesEnd = publisher.start(options.pushes, GAP_MS[kind]);
  await clock.run(pushesEnd);
  rates = NO_FAULTS;
  publisher.stop();
  brokers.silence();
  chaos.stop();
  staged?.calm();
  if (kind === 'staged') publisher.pushLast();
  journal.step('world', 'everything is well from now on');
  await clock.run(pushesEnd + REST_MS[kind]);
  staged?.stop();
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
  await recorder.check();
  await store.close();
  return {
    seed: options.seed,
    trace: journal.hash(),
    counts: journal.counts(),
    // Of what waits in stages there is no receipt, by which a failure would be known again (docs/adr/0012).
    violations: verdicts.violations.filter(({ check }) => kind === 'usual' || check !== FORGOTTEN),
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
