import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import type { Admit, AdmissionRequest, Denial } from '../kube/request.ts';
import { activate, compile, type Program } from './cel-program.ts';
import { readPolicy, type Validation } from './policy-text.ts';

/** As long as an API server lets a message be (`pkg/admission/plugin/cel`, in bytes). */
const MAX_MESSAGE = 5 * 1024;

/**
 * The gate as an admission plugin of the embedded kube-api: the rendered policy, evaluated. One table of cases
 * (test/fixtures/gate-cases.ts) runs over this and over a real kube-apiserver.
 *
 * @example const gate = createGate({ identity, breakGlass: [], images, unmatched: 'deny', otherSources: 'deny' });
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
    validation,
    holds: compile(validation.expression),
    message:
      validation.messageExpression === undefined
        ? undefined
        : compile(validation.messageExpression),
  }));
  const denies = binding.spec.validationActions.includes('Deny');
  return (request) => {
    if (!denies || !isMatched(request)) return undefined;
    const activation = activate(variables, {
      object: request.object,
      oldObject: request.oldObject ?? null,
      request: { userInfo: { username: request.user }, operation: request.operation },
    });
    for (const { validation, holds, message } of validations) {
      const why = refusal(validation, { holds, message }, activation);
      if (why !== undefined) return deny(request, metadata.name, why, validation.reason);
    }
    return undefined;
  };
}

function isMatched({ group, plural, operation, subresource, object }: AdmissionRequest): boolean {
  if (group !== 'configsync.gke.io' || subresource !== '' || object === undefined) return false;
  return operation !== 'DELETE' && (plural === 'rootsyncs' || plural === 'reposyncs');
}

/** Why a validation fails; an expression that cannot be evaluated refuses, as `failurePolicy: Fail` says. */
function refusal(
  { expression, message }: Validation,
  program: { readonly holds: Program; readonly message: Program | undefined },
  activation: Readonly<Record<string, unknown>>,
): string | undefined {
  try {
    if (program.holds(activation) === true) return undefined;
  } catch (error) {
    return `expression '${expression}' resulted in error: ${error instanceof Error ? error.message : 'unknown'}`;
  }
  return messageOf(program.message, activation) ?? message;
}

/** What a `messageExpression` gives, where an API server would take it. */
function messageOf(
  program: Program | undefined,
  activation: Readonly<Record<string, unknown>>,
): string | undefined {
  try {
    const text = program?.(activation);
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
