import type { Random } from '../random.ts';
import type { Process } from '../sim/process.ts';

/** The clocks of the functions' machines: each is a little off, and steps now and then. */
export interface Clocks {
  /** How far the clock of a process is off, in milliseconds. */
  offOf(process: Pick<Process, 'name'>): number;
  /** One clock steps. */
  step(): void;
  /** All are right from now on. */
  mend(): void;
}

/** Two clocks differ by twice as much at the most. */
export const MAX_OFF_MS = 20_000;

export function createClocks(random: Random): Clocks {
  const off = new Map<string, number>();
  let mended = false;
  const draw = (): number => Math.round(random.between(-MAX_OFF_MS, MAX_OFF_MS));
  return {
    offOf({ name }) {
      if (mended) return 0;
      const known = off.get(name) ?? draw();
      off.set(name, known);
      return known;
    },
    step() {
      if (off.size > 0) off.set(random.pick([...off.keys()].slice(-MACHINES)), draw());
    },
    mend() {
      mended = true;
    },
  };
}

/** The newest processes: the others are gone, most of them. */
const MACHINES = 8;
