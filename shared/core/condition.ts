/** Nodes of one expression; the longest honest ones have some dozens. */
export const MAX_CONDITION_NODES = 500;
/** Characters of one expression. */
export const MAX_CONDITION = 2048;
/** One `all` inside of another looks at every pair of elements, a third at every triple. */
const MAX_NESTED_LOOPS = 2;

/** What looks at every element of a list or map. */
const LOOPS: ReadonlySet<unknown> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** As far as a CEL expression's tree is looked at. */
interface Node {
  readonly op: string;
  readonly args: unknown;
}

/** What evaluating an expression takes. */
export interface ConditionCost {
  /** How often each element of a predicate may be looked at for each other: 0, 1 for each, 2 for each pair. */
  readonly loops: number;
  /** Why it is too much, whatever the predicate. */
  readonly problem?: string;
}

/** The cost of an expression: loops nest twice at most, and `matches`, whose time has no bound, is none of it. */
export function costOf(tree: unknown): ConditionCost {
  const parts = Array.isArray(tree) ? tree : isNode(tree) ? [tree.args] : [];
  const costs = parts.map(costOf);
  const inner = Math.max(0, ...costs.map(({ loops }) => loops));
  const problem = costs.find((cost) => cost.problem !== undefined)?.problem;
  if (problem !== undefined) return { loops: inner, problem };
  if (!isNode(tree)) return { loops: inner };
  const called = Array.isArray(tree.args) && tree.op.endsWith('call') ? tree.args[0] : tree.op;
  if (called === 'matches') {
    const use = 'use startsWith, endsWith or contains';
    return { loops: inner, problem: `Uses matches(), which takes unbounded time: ${use}` };
  }
  const loops = inner + (LOOPS.has(called) || called === 'in' ? 1 : 0);
  return loops > MAX_NESTED_LOOPS
    ? { loops, problem: `Nests more than ${MAX_NESTED_LOOPS} loops` }
    : { loops };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
