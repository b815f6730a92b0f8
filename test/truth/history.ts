import { createRandom } from '#test/faults/random.ts';
import { createActor } from './act.ts';
import { QUIET_MS, type Step, drawSteps, roughMs } from './deeds.ts';
import { checkReports } from './oracle/check-reports.ts';
import { checkSeverity } from './oracle/check-severity.ts';
import { checkShown } from './oracle/check-shown.ts';
import type { Figures, Finding } from './oracle/findings.ts';
import { createObserver } from './oracle/observer.ts';
import { type TruthPlan, drawPlan } from './plan.ts';
import { CALM, ROUGH, openWorld } from './world.ts';

/** One history: a small world, and what happens in it. */
export interface History {
  readonly seed: number;
  readonly plan: TruthPlan;
  readonly steps: readonly Step[];
}

export interface Outcome {
  readonly findings: readonly Finding[];
  readonly figures: Figures;
  /** When the world began, and when each step did, in milliseconds. */
  readonly began: number;
  readonly stepsAt: readonly number[];
  /** Everything that happened. */
  readonly journal: () => readonly string[];
  /** Hash of that. */
  readonly trace: string;
}

/** The observer looks this often, and whenever something happens. */
const LOOK_EVERY_MS = 5_000;

export function drawHistory(seed: number): History {
  const random = createRandom(`truth ${seed}`);
  const plan = drawPlan(random.fork('plan'));
  const size = {
    images: plan.images.length,
    syncs: plan.places.length,
    clusters: plan.clusters.length,
  };
  return { seed, plan, steps: drawSteps(size, random.fork('steps')) };
}

/** Lives through a history. The same one gives the same outcome. */
export async function runHistory({ seed, plan, steps }: History): Promise<Outcome> {
  const world = openWorld(plan, `truth ${seed} world`, () => observer.look());
  const observer = createObserver(() => world);
  const actor = createActor(world);
  const { clock, weather } = world;
  const figures: Figures = { episodes: 0, reported: 0, closed: 0, compared: 0 };
  const findings: Finding[] = [];
  const began = clock.now();
  let due = began;
  function watch(): void {
    observer.look();
    clock.after(LOOK_EVERY_MS, watch);
  }
  async function pass(milliseconds: number): Promise<void> {
    due += milliseconds;
    await clock.run(due);
  }
  async function quiet(milliseconds: number): Promise<void> {
    await pass(milliseconds);
    observer.look();
    findings.push(...(await checkShown(world, observer, figures)));
  }
  actor.begin();
  watch();
  await quiet(QUIET_MS);
  const stepsAt: number[] = [];
  for (const step of steps) {
    stepsAt.push(clock.now());
    actor.act(step.deed);
    observer.look();
    const rough = roughMs(step);
    if (rough > 0) weather.rates = ROUGH;
    await pass(rough);
    weather.rates = CALM;
    observer.look();
    if (step.quiet) await quiet(step.waitMs - rough);
    else await pass(step.waitMs - rough);
  }
  await quiet(QUIET_MS);
  actor.mend();
  stepsAt.push(clock.now());
  await quiet(QUIET_MS);
  findings.push(...checkReports(world, observer, figures), ...checkSeverity(world, observer));
  for (const { check, what } of world.verdicts.violations) {
    findings.push({ fault: 'false', at: clock.now(), what: `${check}: ${what}` });
  }
  await world.close();
  const { journal } = world;
  return {
    findings,
    figures,
    began,
    stepsAt,
    journal: () => journal.steps(),
    trace: journal.hash(),
  };
}
