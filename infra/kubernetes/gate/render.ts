import { stringify } from 'yaml';
import { defined } from '#shared/core/defined.ts';
import { checkLength } from './cel.ts';
import type { GateInput } from './gate-input.ts';
import {
  announcementVariables,
  metadataVariables,
  passVariables,
  repositoryVariables,
  silentVariables,
  sourceVariables,
} from './variables.ts';
import { leashVariables, gateRules, type Rule } from './rules.ts';
import { freedScope, namedScope, pinnedScope, type Variables } from './scope.ts';

/** `warn` shows and audits what `deny` would refuse. */
export type GateMode = 'warn' | 'deny';

/** Of the policy and its binding: Config Sync's errors quote it. */
const GATE_NAME = 'countersign-gate';
const API = 'admissionregistration.k8s.io/v1';
const HEADER =
  '# Rendered from the config file by `countersign gate render`: do not edit, render it again';

/**
 * The gate as YAML for `kubectl apply`: policy and binding. The same input gives the same text. Throws `bad-config`
 * where the input is more than an API server takes.
 */
export function renderGate(input: GateInput, mode: GateMode): string {
  const metadata = { name: GATE_NAME, labels: { 'app.kubernetes.io/name': 'countersign' } };
  const validationActions = mode === 'deny' ? ['Deny'] : ['Warn', 'Audit'];
  const specs = {
    ValidatingAdmissionPolicy: gatePolicy(input),
    ValidatingAdmissionPolicyBinding: { policyName: GATE_NAME, validationActions },
  };
  const documents = Object.entries(specs).map(([kind, spec]) => {
    const object = { apiVersion: API, kind, metadata, spec };
    return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
  });
  return `${HEADER}\n${documents.join('---\n')}`;
}

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
    variables: Object.entries(gateVariables(input)).map(([name, expression]) => ({
      name,
      expression: checkLength(expression, 'images'),
    })),
    validations: rules.map(({ expression, message, messageExpression }) =>
      defined({ expression, message, messageExpression, reason: 'Invalid' }),
    ),
  };
}

function gateVariables({ images, unmatched }: GateInput): Variables {
  // Under deny the names are for the text of a refusal alone.
  const named = namedScope(images);
  const pinned = pinnedScope(images);
  const freed = freedScope(images);
  return {
    ...metadataVariables,
    ...sourceVariables,
    ...announcementVariables,
    ...repositoryVariables,
    ...named.variables,
    named: named.expression,
    // What is not spelled plainly may be anything, and is judged (see repository.ts); so is what comes from another
    // spec than the present one, for the scope is of the present one.
    inScope:
      unmatched === 'ignore'
        ? '!variables.bound || variables.unsettled || !variables.plain || variables.named'
        : 'true',
    ...passVariables,
    ...silentVariables,
    ...pinned.variables,
    ...freed.variables,
    ...leashVariables(pinned.expression, freed.expression),
  };
}
