import type { Check } from './check.ts';
import type { Fault } from './problem.ts';

/** Why a path that begins with `~` is of no use. */
export const TILDE: Fault = {
  problem: 'Begins with ~, which only a shell expands',
  fix: 'Write the whole path, or one relative to this file',
};

export function* noTilde(value: unknown): ReturnType<Check> {
  if (typeof value === 'string' && value.startsWith('~')) yield { kind: 'bad-value', ...TILDE };
}
