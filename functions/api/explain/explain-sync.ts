import { toFailure } from '#shared/core/errors.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseSyncRef } from '#shared/core/sync-ref.ts';
import { withDeadline } from '#shared/net/within.ts';
import { type Look, lookAtCluster } from '#shared/reconcile/look-at-cluster.ts';
import { clusterPhaseOf } from '#shared/reconcile/report-cluster.ts';
import { explainVerdict } from '#shared/trust/explain.ts';
import type { ApiDeps } from '../deps.ts';
import { findCluster } from '../find-cluster.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import type { Explanation } from './operation.ts';
import {
  explainApproval,
  explainConditions,
  explainConfig,
  explainGate,
  explainSignatures,
  explainStages,
  explainTag,
  explainTrigger,
  step,
} from './steps.ts';

/**
 * Why one RSync is, or is not, on its tag's digest: one call to its cluster, and what the registry says. Undefined when
 * the cluster has no such RSync. A cluster that does not answer is itself the explanation. Throws `cluster-not-found`.
 */
export async function explainSync(
  query: { readonly cluster: string; readonly sync: string },
  deps: ApiDeps,
): Promise<Explanation | undefined> {
  const { sync } = query;
  const member = await findCluster(query.cluster, deps.fleet);
  const record = await deps.store.readCluster(member.name);
  const named = { cluster: member.name, sync, readAt: deps.now().toISOString() };
  const about = { sync: parseSyncRef(sync), known: record?.syncs ?? [] };
  try {
    const [look] = await withDeadline(READ_DEADLINE_MS, 'Looking at the cluster', () =>
      lookAtCluster(member, about, deps),
    );
    if (look === undefined) return undefined;
    const policy = look.followed && deps.policies.get(look.followed.rule.trust);
    const steps = [
      step('cluster', 'ok', `${member.name} answered`),
      explainConfig(look),
      explainTrigger(record, look),
      ...explainTag(look),
      explainSignatures(look, policy),
      explainApproval(look),
      explainGate(look),
      ...explainStages(look),
      explainConditions(look),
    ];
    const { phase } = look.row.record;
    return { ...named, phase, steps, conclusion: conclude(look, policy) };
  } catch (error) {
    const { message, code } = toFailure(error);
    const phase = clusterPhaseOf(error);
    if (phase === undefined && code !== 'deadline-exceeded') throw error;
    const conclusion = `${phase ?? 'Unreachable'}: ${message}; the next sweep tries it again`;
    return { ...named, steps: [step('cluster', 'bad', message)], conclusion };
  }
}

/** As much of Config Sync's own words as one sentence bears. */
const MAX_QUOTE = 200;

/** The whole chain in one sentence: what is wrong, and what to do. */
function conclude(look: Look, policy: TrustPolicy | undefined): string {
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
