import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Clock } from './clock.ts';
import { type Callee, type FaultRates, LATENCY, drawFailure } from './faults.ts';

/** One instance of a function. When it is killed, nothing that it was doing ever continues. */
export interface Process {
  readonly name: string;
  /** Settles when it is killed. */
  readonly death: Promise<void>;
  isAlive(): boolean;
  kill(): void;
  /**
   * One call to the outside: it takes time, may fail before or after `effect` happened, and may be the last thing the
   * process did.
   */
  call<T>(callee: Callee, effect: () => T | Promise<T>): Promise<T>;
}

export interface ProcessDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly rates: () => FaultRates;
}

/** One call in so many takes so much longer. */
const SLOW = { chance: 0.01, factor: 60 };

export function createProcess(name: string, deps: ProcessDeps): Process {
  const { clock, random, journal, rates } = deps;
  const death = Promise.withResolvers<void>();
  let alive = true;
  const never = new Promise<never>(() => undefined);

  function kill(): void {
    if (!alive) return;
    alive = false;
    journal.count('kills');
    journal.step(`process ${name}`, 'is killed');
    clock.stir();
    death.resolve();
  }

  function latency(callee: Callee): number {
    const factor = random.chance(rates().slow ?? SLOW.chance) ? SLOW.factor : 1;
    return random.waiting(LATENCY[callee] * factor);
  }

  async function call<T>(callee: Callee, effect: () => T | Promise<T>): Promise<T> {
    await clock.sleep(latency(callee));
    if (!alive) return never;
    const { kill: usual, killAt = {}, failing, failure: share } = rates();
    const killed = killAt[callee] ?? usual;
    const failure = failing === undefined || failing.includes(callee) ? share : 0;
    const early = random.chance(failure / 2);
    if (random.chance(killed / 2)) kill();
    if (!alive) return never;
    if (early) throw injected(callee);
    const result = await effect();
    if (random.chance(killed / 2)) kill();
    const late = random.chance(failure / 2);
    // The answer takes its time too, and the process may die while it waits.
    if (callee !== 'store') await clock.sleep(latency(callee));
    if (!alive) return never;
    if (late) throw injected(callee);
    return result;
  }

  function injected(callee: Callee): Error {
    journal.count(`failures of the ${callee}`);
    return drawFailure(callee, random);
  }

  return { name, death: death.promise, isAlive: () => alive, kill, call };
}
