import type { RuleName } from '#infra/kubernetes/gate/rules.ts';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import type { GateName } from './gates.ts';

/** The kinds of fault that the table tries; the threat model has a row for each. */
export const FAULTS = [
  'forged-key',
  'removed-key',
  'announcement',
  'approval-text',
  'deletion',
  'other-source',
  'chart-swap',
  'chart-name',
  'break-glass',
  'hold',
  'leash',
  'pin',
  'name-collision',
  'look-alike-user',
  'misplaced-object',
  'subresource',
  'size',
  'recreated-object',
  'silenced-object',
] as const;
export type Fault = (typeof FAULTS)[number];

/** An RSync that a write addresses; a manifest is one. */
export interface Place {
  readonly apiVersion: string;
  readonly kind: RSyncManifest['kind'];
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** One write as data. `replace` is a PUT over the present version; `body` is the patch as it is sent. */
export type Write = (
  | { readonly how: 'create' | 'replace'; readonly object: object; readonly at: Place }
  | {
      readonly how: 'merge' | 'json' | 'apply' | 'strategic';
      readonly body: unknown;
      readonly at: Place;
    }
  | { readonly how: 'delete'; readonly at: Place }
) & {
  readonly subresource?: 'status' | 'scale';
  readonly dryRun?: true;
};

/**
 * What must become of a write. `refused`: by the gate, with a rule's own text. `passes`: stored. `ignored`: answered
 * well, and neither annotations nor spec changed. `answered`: stored or refused by the gate, but never a failure of the
 * API server (no 5xx, no budget spent). A number: the API server itself answers with this status, gate or no gate.
 */
export type Outcome = 'refused' | 'passes' | 'ignored' | 'answered' | number;

/** One write of an attack, by whom, and what must become of it. */
export interface Step {
  readonly as: string;
  readonly write: Write;
  readonly expect: Outcome;
}

/** One row of the table. */
export interface Attack {
  /** Unique, and stable: `fault/what/how`. */
  readonly id: string;
  readonly fault: Fault;
  readonly gate: GateName;
  /** What stands in the cluster before, placed past the gate: older than it, or written in its absence. */
  readonly given: readonly RSyncManifest[];
  readonly steps: readonly Step[];
  /**
   * The rules that refuse it: without them, a step that must be refused passes. Empty where the API server alone
   * refuses, or where nothing may be refused (writes that the gate must not be in the way of).
   */
  readonly rules: readonly RuleName[];
  /** Only the real API server has what the attack needs. */
  readonly only?: 'real';
}
