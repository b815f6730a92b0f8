import { clearCondition, isTrue, removeCondition, setCondition } from './conditions.ts';
import type { Stage, Status } from './schema.ts';

/** What reconciler-manager has seen: the only one to write these two. */
export interface Observed {
  readonly generation: number;
  readonly reconciler: string;
}

/** A spec that cannot be worked with: Stalled, reason Validation; a Syncing condition goes. */
export function stall(status: Status, observed: Observed, message: string, now: string): Status {
  const begun = observe(status, observed);
  const text = { status: 'True', reason: 'Validation', message, errorSummary: summarize(1) };
  const stalled = setCondition(begun, 'Stalled', text, now);
  return isTrue(begun, 'Stalled') ? stalled : removeCondition(stalled, 'Syncing');
}

/** The reconciler's Deployment is being rolled out: Reconciling, reason Deployment; a Syncing condition goes. */
export function beginRollout(status: Status, observed: Observed, now: string): Status {
  const begun = observe(status, observed);
  const message = `Deployment ${observed.reconciler} is being rolled out`;
  const text = { status: 'True', reason: 'Deployment', message };
  const reconciling = setCondition(begun, 'Reconciling', text, now);
  const cleared = clearCondition(reconciling, 'Stalled', now);
  return isTrue(begun, 'Reconciling') ? cleared : removeCondition(cleared, 'Syncing');
}

/** The reconciler's Deployment is ready: neither Reconciling nor Stalled any more. */
export function finishRollout(status: Status, observed: Observed, now: string): Status {
  const cleared = clearCondition(observe(status, observed), 'Reconciling', now);
  return clearCondition(cleared, 'Stalled', now);
}

/** As Go writes a count of errors: zeros are left out, and with them everything. */
export function summarize(count: number): NonNullable<Stage['errorSummary']> {
  return count === 0 ? {} : { totalCount: count, errorCountAfterTruncation: count };
}

function observe(status: Status, { generation, reconciler }: Observed): Status {
  // Go writes the stages even while they hold nothing, with a null for the time that they lack.
  const none = { lastUpdate: null };
  const { source = none, rendering = none, sync = none } = status;
  return { ...status, source, rendering, sync, observedGeneration: generation, reconciler };
}
