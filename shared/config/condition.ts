import { costOf, MAX_CONDITION, MAX_CONDITION_NODES } from '#shared/core/condition.ts';

/**
 * Why a condition cannot be used, and what to do; undefined when it can, or when it is of a wrong type or length, which
 * the schema says. The language is loaded where a policy has a condition.
 */
export async function findConditionProblem(
  text: unknown,
): Promise<{ readonly problem: string; readonly fix: string } | undefined> {
  if (typeof text !== 'string' || text === '' || text.length > MAX_CONDITION) return undefined;
  const fix = 'Write a CEL expression over predicate that is true or false';
  const { Environment } = await import('@marcbachmann/cel-js');
  const limits = { maxAstNodes: MAX_CONDITION_NODES, maxDepth: 50 };
  try {
    const parsed = new Environment({ limits }).registerVariable('predicate', 'dyn').parse(text);
    const { valid, type = 'dyn', error } = parsed.check();
    if (!valid) return { problem: `Is no condition: ${firstLine(error)}`, fix };
    if (type !== 'bool' && type !== 'dyn')
      return { problem: `Gives ${type}, not true or false`, fix };
    const { problem } = costOf(parsed.ast);
    return problem === undefined ? undefined : { problem, fix };
  } catch (error) {
    return { problem: `Is no CEL: ${firstLine(error)}`, fix };
  }
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
}
