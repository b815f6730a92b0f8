import { isDeepStrictEqual } from 'node:util';
import { Environment, type Optional } from '@marcbachmann/cel-js';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import type { Admit, AdmissionRequest, Denial } from './kube/request.ts';

/** As long as an API server lets a message be (`pkg/admission/plugin/cel`, in bytes). */
const MAX_MESSAGE = 5 * 1024;

/**
 * The gate as an admission plugin of the embedded kube-api: the rendered policy, evaluated. One table of cases
 * (test/fixtures/gate-cases.ts) runs over this and over a real kube-apiserver.
 *
 * @example const gate = createGate({ identity, breakGlass: [], mayHold: 'countersign', images, unmatched: 'deny', otherSources: 'deny' });
 */
export function createGate(input: GateInput): Admit {
  return evaluatePolicy(renderGate(input, 'deny'));
}

/** A ValidatingAdmissionPolicy with its binding as an admission plugin; `yaml` is what `renderGate` gives. */
export function evaluatePolicy(yaml: string): Admit {
  const { metadata, spec, binding } = readPolicy(yaml);
  const variables = spec.variables.map(({ name, expression }) => ({
    name,
    program: compile(expression),
  }));
  const validations = spec.validations.map((validation) => ({
    ...validation,
    holds: compile(validation.expression),
    explain: compile(validation.messageExpression ?? '""'),
  }));
  const denies = binding.spec.validationActions.includes('Deny');
  return (request) => {
    if (!denies || !isMatched(request)) return undefined;
    const activation = activate(variables, {
      object: request.object,
      oldObject: request.oldObject ?? null,
      request: { userInfo: { username: request.user }, operation: request.operation },
    });
    for (const validation of validations) {
      const why = refusal(validation, activation);
      if (why !== undefined) return deny(request, metadata.name, why, validation.reason);
    }
    return undefined;
  };
}

function isMatched({ group, plural, operation, subresource, object }: AdmissionRequest): boolean {
  if (group !== 'configsync.gke.io' || subresource !== '' || object === undefined) return false;
  return operation !== 'DELETE' && (plural === 'rootsyncs' || plural === 'reposyncs');
}

/** A validation of a policy, its expressions compiled; `explain` gives an empty text where it has none. */
interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly holds: Program;
  readonly explain: Program;
}

/** Why a validation fails; an expression that cannot be evaluated refuses, as `failurePolicy: Fail` says. */
function refusal(
  { expression, message, holds, explain }: Validation,
  activation: Readonly<Record<string, unknown>>,
): string | undefined {
  try {
    if (holds(activation) === true) return undefined;
  } catch (error) {
    return `expression '${expression}' resulted in error: ${error instanceof Error ? error.message : 'unknown'}`;
  }
  return messageOf(explain, activation) ?? message;
}

/** What a `messageExpression` gives, where an API server would take it. */
function messageOf(
  explain: Program,
  activation: Readonly<Record<string, unknown>>,
): string | undefined {
  try {
    const text = explain(activation);
    if (typeof text !== 'string' || text.trim() === '' || /[\r\n]/.test(text)) return undefined;
    return Buffer.byteLength(text) > MAX_MESSAGE ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Worded as the API server words a ValidatingAdmissionPolicy's denial. */
function deny(
  { plural, name }: AdmissionRequest,
  policy: string,
  why: string,
  reason: string,
): Denial {
  const denial = `ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: ${why}`;
  const message = `${plural}.configsync.gke.io "${name}" is forbidden: ${denial}`;
  return { code: 422, reason, message, causes: [{ message: denial }] };
}

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

type Program = (activation: Readonly<Record<string, unknown>>) => unknown;

/** Parses an expression once. Throws where it is none. */
function compile(expression: string): Program {
  return environment.parse(expression);
}

/** `variables` of a policy over one request: each is evaluated when it is first asked for, and once. */
function activate(
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

const policySchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicy'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
    validations: z.array(
      z.object({
        expression: z.string(),
        message: z.string(),
        messageExpression: z.string().optional(),
        reason: z.string(),
      }),
    ),
  }),
});
const bindingSchema = z.object({
  kind: z.literal('ValidatingAdmissionPolicyBinding'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({ validationActions: z.array(z.string()) }),
});

/** Reads what `renderGate` gives: a policy, and its binding. */
function readPolicy(yaml: string) {
  const [policy, binding] = parseAllDocuments(yaml).map((one) => one.toJS() as unknown);
  return { ...policySchema.parse(policy), binding: bindingSchema.parse(binding) };
}
