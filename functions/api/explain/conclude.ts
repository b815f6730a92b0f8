import { cutText } from '#shared/core/foreign-text.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Look } from '#shared/reconcile/look-at-cluster.ts';
import { explainVerdict } from '#shared/trust/explain.ts';

/** As much of Config Sync's own words as one sentence bears. */
const MAX_QUOTE = 200;

/** The whole chain in one sentence: what is wrong, and what to do. */
export function conclude(look: Look, policy: TrustPolicy | undefined): string {
  const { row, followed, failure, decision } = look;
  if (failure !== undefined) return `The registry could not be asked: ${failure.message}`;
  const digest = row.record.digest ?? 'its digest';
  const verdict = followed && policy && explainVerdict(followed.verdict, policy);
  switch (row.record.phase) {
    case 'Ignored':
      return `Countersign does not follow it: ${row.message}`;
    case 'Refused':
      return row.message;
    case 'Pending':
      return decision?.patch === undefined ? (verdict ?? row.message) : row.message;
    case 'Rejected':
      return followed?.verdict.status === 'verified' ? row.message : (verdict ?? row.message);
    case 'Synced':
      return `${digest} is live and approved: nothing to do`;
    case 'Approved':
      return `${digest} is approved, and Config Sync has yet to sync it: ${row.message}`;
    case 'Failed':
      return `${digest} is approved, and Config Sync fails on it${quote(look)}: correct the content and push again`;
    case 'Blocked':
      return `${row.message}${quote(look)}: look at the gate, and at other admission webhooks of this cluster`;
    case 'Stalled':
      return `${row.message}: correct the spec of the RSync`;
    case 'Unguarded':
      return `${row.message}: install the gate, or sign ${digest}`;
  }
}

function quote({ row }: Look): string {
  const [first] = row.errors;
  if (first === undefined) return '';
  const [line = ''] = first.message.split('\n', 1);
  return ` (${cutText(line, MAX_QUOTE)})`;
}
