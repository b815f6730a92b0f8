import { stringify } from 'yaml';
import type { GateInput } from './gate-input.ts';
import { GATE_NAME, gatePolicy } from './policy.ts';

/** `warn` shows and audits what `deny` would refuse. */
export type GateMode = 'warn' | 'deny';

const API = 'admissionregistration.k8s.io/v1';
const HEADER = '# Rendered from the config file by `npm run gate`: do not edit, render it again';

/**
 * The gate as YAML for `kubectl apply`: policy and binding. The same input gives the same text. Throws `bad-config`
 * where the input is more than an API server takes.
 */
export function renderGate(input: GateInput, mode: GateMode): string {
  const metadata = { name: GATE_NAME, labels: { 'app.kubernetes.io/name': 'countersign' } };
  const policy = {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: gatePolicy(input),
  };
  const binding = {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: {
      policyName: GATE_NAME,
      validationActions: mode === 'deny' ? ['Deny'] : ['Warn', 'Audit'],
    },
  };
  const documents = [policy, binding].map((object) =>
    stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return `${HEADER}\n${documents.join('---\n')}`;
}
