import type { Step } from './deeds.ts';
import { type History, type Outcome, runHistory } from './history.ts';

/** Histories that are tried to find a shorter one. */
const MAX_TRIES = 80;

/** A history that fails in the same way, with as few steps as can be found, each as plain as it can be. */
export async function shrink(
  history: History,
  outcome: Outcome,
): Promise<{ readonly history: History; readonly outcome: Outcome }> {
  const faults = new Set(outcome.findings.map(({ fault }) => fault));
  let best = { history, outcome };
  let tries = 0;
  async function attempt(steps: readonly Step[]): Promise<boolean> {
    tries += 1;
    const tried = { ...history, steps };
    const result = await runHistory(tried);
    if (!result.findings.some(({ fault }) => faults.has(fault))) return false;
    best = { history: tried, outcome: result };
    return true;
  }
  for (let progress = true; progress && tries < MAX_TRIES; ) {
    progress = false;
    for (let at = 0; at < best.history.steps.length && tries < MAX_TRIES; at += 1) {
      const shorter = best.history.steps.toSpliced(at, 1);
      if (!(await attempt(shorter))) continue;
      progress = true;
      at -= 1;
    }
  }
  for (const [at, step] of best.history.steps.entries()) {
    if (step.rough) await attempt(best.history.steps.with(at, { ...step, rough: false }));
  }
  return best;
}
