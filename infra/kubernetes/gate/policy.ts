import { checkLength } from './cel.ts';
import type { GateInput } from './gate-input.ts';
import { leashVariables } from './leash.ts';
import { repositoryVariables } from './repository.ts';
import { gateRules, type Rule } from './rules.ts';
import { namedScope, pinnedScope, type Variable } from './scope.ts';
import {
  announcementVariables,
  metadataVariables,
  passVariables,
  silentVariables,
  sourceVariables,
} from './variables.ts';

/** Of the policy and its binding: Config Sync's errors quote it. */
export const GATE_NAME = 'countersign-gate';

/** The policy's `spec`, with identities and scope as literals; `rules` are the input's own but in tests. */
export function gatePolicy(input: GateInput, rules: readonly Rule[] = gateRules(input)): object {
  return {
    failurePolicy: 'Fail',
    matchConstraints: {
      // An API server that serves other versions finds the same object behind them.
      matchPolicy: 'Equivalent',
      resourceRules: [
        {
          apiGroups: ['configsync.gke.io'],
          apiVersions: ['*'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['rootsyncs', 'reposyncs'],
        },
      ],
    },
    variables: gateVariables(input).map(({ name, expression }) => ({
      name,
      expression: checkLength(expression, 'images'),
    })),
    validations: rules.map(toValidation),
  };
}

function gateVariables({ images, unmatched }: GateInput): readonly Variable[] {
  // Under deny the names are for the text of a refusal alone.
  const named = namedScope(images);
  const pinned = pinnedScope(images);
  return [
    ...metadataVariables,
    ...sourceVariables,
    ...announcementVariables,
    ...repositoryVariables,
    ...named.variables,
    { name: 'named', expression: named.expression },
    {
      // What is not spelled plainly may be anything, and is judged (see plain-reference.ts); so is what comes from
      // another spec than the present one, for the scope is of the present one.
      name: 'inScope',
      expression:
        unmatched === 'ignore'
          ? '!variables.bound || variables.unsettled || !variables.plain || variables.named'
          : 'true',
    },
    ...passVariables,
    ...silentVariables,
    ...pinned.variables,
    ...leashVariables(pinned.expression),
  ];
}

function toValidation({ expression, message, messageExpression }: Rule): object {
  const text = messageExpression === undefined ? { message } : { message, messageExpression };
  return { expression, ...text, reason: 'Invalid' };
}
