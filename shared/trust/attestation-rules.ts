import { costOf, MAX_CONDITION_NODES } from '#shared/core/condition.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { AttestationRule } from '#shared/core/policy.ts';
import { predicateTypesOf } from '#shared/core/predicate-types.ts';
import { type Attestation, type Refusal, refuse, shown } from './candidate.ts';
import { MAX_CONDITION_VALUES, MAX_PAIRED_VALUES } from './limits.ts';

/** A position in a list: decimal, as JSON Pointer has it (RFC 6901 section 4). */
const POSITION = /^(?:0|[1-9][0-9]{0,5})$/;

/** Why a predicate does not hold what a condition says; undefined when it does. Never throws. */
type Condition = (predicate: unknown) => string | undefined;

/** A rule whose condition is compiled. */
export interface PreparedRule {
  readonly rule: AttestationRule;
  readonly types: readonly string[];
  readonly condition: Condition | undefined;
}

/** Compiles the conditions of a policy. Throws `bad-config` for one that is no CEL, which the config refuses before. */
export async function prepareRules(
  rules: readonly AttestationRule[],
): Promise<readonly PreparedRule[]> {
  return Promise.all(
    rules.map(async (rule) => ({
      rule,
      types: predicateTypesOf(rule.predicateType),
      condition: rule.condition === undefined ? undefined : await compile(rule.condition),
    })),
  );
}

/** The rules that an attestation by a trusted signer meets, or why there are none. */
export function matchRules(
  { predicateType, predicate }: Attestation,
  rules: readonly PreparedRule[],
): readonly AttestationRule[] | Refusal {
  const ofType = rules.filter(({ types }) => types.includes(predicateType));
  const differences: string[] = [];
  const met = ofType.filter(({ rule: { where }, condition }) => {
    const difference = findDifference(predicate, where) ?? condition?.(predicate);
    if (difference !== undefined) differences.push(difference);
    return difference === undefined;
  });
  if (met.length > 0) return met.map(({ rule }) => rule);
  const [first = `is of type ${shown(predicateType)}`] = differences;
  return refuse('no-matching-predicate', `Attestation ${first}`);
}

/** The first path at which the predicate does not hold what `where` says. */
function findDifference(predicate: unknown, where: AttestationRule['where']): string | undefined {
  for (const [path, wanted] of Object.entries(where)) {
    // The very same value: `true` is not `"true"`, and what is absent equals nothing.
    const found = valueAt(predicate, path);
    if (found === wanted || isSameInteger(found, wanted)) continue;
    return `has ${shownValue(found)} at "${path}", where ${shownValue(wanted)} is required`;
  }
  return undefined;
}

/** A number of the policy and an integer of the predicate that a number may not hold; compared without rounding. */
function isSameInteger(found: unknown, wanted: unknown): boolean {
  const isInteger = typeof found === 'bigint' && typeof wanted === 'number';
  return isInteger && Number.isInteger(wanted) && found === BigInt(wanted);
}

/** Own fields of objects by name, elements of lists by position; undefined where there is nothing. */
function valueAt(predicate: unknown, path: string): unknown {
  let value = predicate;
  for (const segment of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) {
      return undefined;
    }
    if (Array.isArray(value) && !POSITION.test(segment)) return undefined;
    value = Reflect.get(value, segment);
  }
  return value;
}

async function compile(text: string): Promise<Condition> {
  // Only where a policy has one: it would cost every cold start.
  const { Environment } = await import('@marcbachmann/cel-js');
  const limits = { maxAstNodes: MAX_CONDITION_NODES, maxDepth: 50 };
  const environment = new Environment({ limits }).registerVariable('predicate', 'dyn');
  const parsed = parse();
  const { loops, problem } = costOf(parsed.ast);
  if (problem !== undefined) throw badCondition(text);
  const most = loops > 1 ? MAX_PAIRED_VALUES : MAX_CONDITION_VALUES;

  function parse(): ReturnType<typeof environment.parse> {
    try {
      const one = environment.parse(text);
      if (one.check().valid) return one;
    } catch (cause) {
      throw badCondition(text, cause);
    }
    throw badCondition(text);
  }

  return function condition(predicate) {
    const values = { left: most };
    try {
      const result: unknown = parsed({ predicate: toCel(predicate, values) });
      return result === true ? undefined : `does not hold ${shown(text)}`;
    } catch (error) {
      if (values.left < 0) return `has more than the ${most} values that ${shown(text)} may read`;
      // A field that is absent: what it says of the predicate, without the text around it.
      const [why = ''] = error instanceof Error ? error.message.split('\n', 1) : [];
      return `cannot be judged by ${shown(text)}: ${shown(why)}`;
    }
  };
}

/** CEL has integers of their own: whole numbers become those, at any size. */
function toCel(value: unknown, values: { left: number }): unknown {
  if (--values.left < 0) throw new RangeError('Too many values');
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map((one) => toCel(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, one]) => [key, toCel(one, values)]));
}

function badCondition(text: string, cause?: unknown): CountersignError {
  const message = `Condition ${shown(text)} cannot be compiled: correct the policy`;
  return new CountersignError('bad-config', message, { cause });
}

function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shown(value);
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'object' && value !== null ? 'a list or map' : JSON.stringify(value);
}

/** A rule in words. */
export function describeRule({ predicateType, where, condition }: AttestationRule): string {
  const conditions = Object.entries(where).map(([path, value]) => `${path} = ${shownValue(value)}`);
  if (condition !== undefined) conditions.push(condition);
  const suffix = conditions.length === 0 ? '' : ` with ${conditions.join(', ')}`;
  return `attestation of type ${predicateType}${suffix}`;
}
