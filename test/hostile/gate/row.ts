import type { Attack, Outcome, Step, Write } from './attack.ts';

/** What rows of the table say beside their steps. */
export type RowContext = Pick<Attack, 'fault' | 'rules'> &
  Partial<Pick<Attack, 'gate' | 'given' | 'only'>>;

/** A row of several steps; the id is `fault/name`. */
export function attack(name: string, context: RowContext, steps: readonly Step[]): Attack {
  return { gate: 'gate', given: [], ...context, id: `${context.fault}/${name}`, steps };
}

/** A row of one write that must be refused. */
export function refusal(name: string, context: RowContext, as: string, write: Write): Attack {
  return attack(name, context, [refused(as, write)]);
}

export function refused(as: string, write: Write): Step {
  return step(as, write, 'refused');
}

export function passes(as: string, write: Write): Step {
  return step(as, write, 'passes');
}

export function step(as: string, write: Write, expect: Outcome): Step {
  return { as, write, expect };
}
