import { isDeepStrictEqual } from 'node:util';
import { Environment, type Optional } from '@marcbachmann/cel-js';

/** As far as an API server would look at an expression; the library's own limits are for texts of strangers. */
const LIMITS = { maxAstNodes: 1_000_000, maxDepth: 1_000, maxListElements: 100_000 };

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
  limits: LIMITS,
})
  // The language compares optionals (cel-spec, "Optional values"), the library does not.
  .registerOperator('optional<dyn> == optional<dyn>', (left: Optional, right: Optional) =>
    isDeepStrictEqual(left.orValue(undefined), right.orValue(undefined)),
  )
  // Kubernetes' list library, which is no part of the language.
  .registerFunction('list.min(): dyn', (items: readonly string[]) => items.toSorted()[0]);

export type Program = (activation: Readonly<Record<string, unknown>>) => unknown;

/** Parses an expression once. Throws where it is none. */
export function compile(expression: string): Program {
  return environment.parse(expression);
}

/** `variables` of a policy over one request: each is evaluated when it is first asked for, and once. */
export function activate(
  variables: readonly { readonly name: string; readonly program: Program }[],
  request: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known: Record<string, unknown> = {};
  const activation = { ...request, variables: known };
  for (const { name, program } of variables) {
    Object.defineProperty(known, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = program(activation);
        Object.defineProperty(known, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return activation;
}
