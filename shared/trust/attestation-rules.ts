import type { AttestationRule } from '#shared/core/policy.ts';

import { type Attestation, type Refusal, refuse } from './candidate.ts';

/** A position in a list: decimal, as JSON Pointer has it (RFC 6901 section 4). */
const POSITION = /^(?:0|[1-9][0-9]{0,5})$/;

/** The rules that an attestation by a trusted signer meets, or why there are none. */
export function matchRules(
  { predicateType, predicate }: Attestation,
  rules: readonly AttestationRule[],
): readonly AttestationRule[] | Refusal {
  const ofType = rules.filter((rule) => rule.predicateType === predicateType);
  const met = ofType.filter(({ where }) => findDifference(predicate, where) === undefined);
  if (met.length > 0) return met;
  const differences = ofType.map(({ where }) => findDifference(predicate, where));
  const [path = 'predicate'] = differences.flatMap((difference) => difference ?? []);
  return refuse('no-matching-predicate', `Attestation has another value at "${path}"`);
}

/** The first path at which the predicate does not hold what `where` says. */
function findDifference(predicate: unknown, where: AttestationRule['where']): string | undefined {
  // The very same value: `true` is not `"true"`, and what is absent equals nothing.
  const differs = ([path, value]: [string, unknown]): boolean => valueAt(predicate, path) !== value;
  return Object.entries(where).find(differs)?.[0];
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

/** A rule in words. */
export function describeRule({ predicateType, where }: AttestationRule): string {
  const conditions = Object.entries(where).map(
    ([path, value]) => `${path} = ${JSON.stringify(value)}`,
  );
  const suffix = conditions.length === 0 ? '' : ` with ${conditions.join(', ')}`;
  return `attestation of type ${predicateType}${suffix}`;
}
