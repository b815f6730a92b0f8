import * as z from 'zod';
import type { FoundReceipt } from '#shared/core/annotations.ts';
import { defined } from '#shared/core/defined.ts';
import { digestOfCommit } from '#shared/core/digest.ts';
import { toFailure } from '#shared/core/errors.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import { pinObstacle } from '#shared/core/pin.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { formatReference } from '#shared/core/reference.ts';
import type { Condition } from '#shared/core/rsync.ts';
import { parseSyncRef } from '#shared/core/sync-ref.ts';
import { isRefusal, standingRefusals } from '#shared/core/sync-status.ts';
import { parseJson } from '#shared/net/json.ts';
import { withDeadline } from '#shared/net/within.ts';
import { type Look, lookAtCluster } from '#shared/reconcile/look-at-cluster.ts';
import { clusterPhaseOf } from '#shared/reconcile/report-cluster.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import { explainCandidate, explainVerdict } from '#shared/trust/explain.ts';
import type { ApiDeps } from '../deps.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { explainRolloutOf } from './explain-rollout.ts';
import { findFix } from './find-fix.ts';
import { explainVersion } from './explain-version.ts';
import { findCluster } from '../find-cluster.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import type { ExplainQuery, Explanation, Step } from './operation.ts';

interface ExplainDeps extends ApiDeps {
  /** Absent: there are no roll-outs. */
  readonly staged: StagedDeps | undefined;
}

/**
 * Why one RSync is, or is not, on its tag's digest: one call to its cluster, and what the registry says. Undefined when
 * the cluster has no such RSync. A cluster that does not answer is itself the explanation. Throws `cluster-not-found`.
 */
export async function explainSync(
  { cluster, sync }: z.infer<typeof ExplainQuery>,
  deps: ExplainDeps,
): Promise<Explanation | undefined> {
  const member = await findCluster(cluster, deps.fleet);
  const record = await deps.store.readCluster(member.name);
  const named = { cluster: member.name, sync, readAt: deps.now().toISOString() };
  const about = { sync: parseSyncRef(sync), known: record?.syncs ?? [] };
  try {
    const [look] = await withDeadline(READ_DEADLINE_MS, 'Looking at the cluster', () =>
      lookAtCluster(member, about, deps),
    );
    if (look === undefined) return undefined;
    const policy = look.followed && deps.policies.get(look.followed.rule.trust);
    const rollout = await explainRolloutOf(look, member, deps.staged);
    const steps = [
      step('cluster', 'ok', `${member.name} answered`),
      explainConfig(look),
      explainTrigger(record, look),
      ...(await explainVersion(look, deps)),
      ...explainTag(look),
      explainSignatures(look, policy),
      ...(rollout?.steps ?? []).map((one) => ({ ...one, details: [...one.details] })),
      ...explainKept(look),
      explainApproval(look),
      explainGate(look),
      ...(['source', 'rendering', 'sync'] as const).map((name) => explainStage(look, name)),
      explainConditions(look),
    ];
    const { phase } = look.row.record;
    const conclusion = conclude(look, policy, rollout?.waits);
    const fix = findFix(look, { cluster: member.name, sync, policy, rollout });
    return { ...named, phase, steps, conclusion, ...defined({ fix }) };
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
function conclude(look: Look, policy: TrustPolicy | undefined, waits: string | undefined): string {
  const { row, followed, failure, decision } = look;
  if (failure !== undefined) return `The registry could not be asked: ${failure.message}`;
  const digest = row.record.digest ?? 'its digest';
  const verdict = followed && policy && explainVerdict(followed.verdict, policy);
  switch (row.record.phase) {
    case 'Ignored':
      return `Countersign does not follow it: ${row.message}`;
    case 'Refused':
      return row.message;
    case 'Waiting':
      return waits ?? row.message;
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
  const [line] = row.errors[0]?.message.split('\n', 1) ?? [];
  return line === undefined ? '' : ` (${cutText(line, MAX_QUOTE)})`;
}

/** One step of an explanation. */
function step(
  name: Step['step'],
  outcome: Step['outcome'],
  finding: string,
  details: readonly string[] = [],
): Step {
  return { step: name, outcome, finding, details: [...details] };
}

/** What the config says of it. */
function explainConfig({ rsync, followed, row }: Look): Step {
  if (followed === undefined) return step('config', 'skipped', row.message);
  const { match, trust, effect } = followed.rule;
  const finding = `Followed by "${match}": trust ${trust}, effect ${effect}`;
  const obstacle = pinObstacle(rsync, followed.rule);
  return obstacle === undefined
    ? step('config', 'ok', finding)
    : step('config', 'wait', finding, [`The pin cannot hold: ${obstacle.message}`]);
}

/** What brought it about: the last look, and who asked for the approval in place. */
function explainTrigger(record: ClusterRecord | undefined, { rsync }: Look): Step {
  const receipt = readReceipt(rsync.annotations.receipt);
  const came = receipt ? [`The approval in place came by a ${receipt}`] : [];
  if (record?.reconciledAt === undefined) {
    return step('trigger', 'wait', 'Never reconciled yet: the next sweep looks at it', came);
  }
  return step('trigger', 'ok', `Last reconciled at ${record.reconciledAt}`, came);
}

/** What the tag is in the registry, and which manifest of it Config Sync pulls. */
function explainTag({ rsync, followed, failure }: Look): Step[] {
  if (failure !== undefined) return [step('tag', 'unknown', failure.message)];
  const named = followed?.named ?? followed;
  if (named?.resolved === undefined) {
    const message = named?.verdict.status === 'unusable' ? named.verdict.message : undefined;
    return [step('tag', message === undefined ? 'skipped' : 'bad', message ?? 'Not resolved')];
  }
  const { reference, resolution } = named.resolved;
  const { image, resolvedAt } = resolution;
  if (image.status === 'unusable') return [step('tag', 'bad', image.message)];
  const { digest, index } = image;
  const name = formatReference(reference);
  const pinned = rsync.source.type === 'oci' ? rsync.source.reference.digest : undefined;
  const isPulled = pinned === undefined || pinned === digest || pinned === index;
  const pulled = isPulled
    ? 'is what Config Sync pulls'
    : `is what Config Sync would pull, were the spec not pinned to ${pinned}`;
  const child = index === undefined ? '' : 'is the linux/amd64 child of that index, and ';
  return [
    step('tag', 'ok', `${name} is ${index ?? digest} in the registry, at ${resolvedAt}`),
    step('digest', 'ok', `${digest} ${child}${pulled}`),
  ];
}

/** The verdict, and what became of each candidate signature. */
function explainSignatures({ followed }: Look, policy: TrustPolicy | undefined): Step {
  if (!followed || !policy) return step('signatures', 'skipped', 'Nothing to verify');
  const { verdict } = followed.named ?? followed;
  const candidates = 'candidates' in verdict ? (verdict.candidates ?? []) : [];
  const details = candidates.map(explainCandidate);
  return step('signatures', OUTCOMES[verdict.status], explainVerdict(verdict, policy), details);
}

const OUTCOMES = {
  verified: 'ok',
  unsigned: 'wait',
  incomplete: 'wait',
  untrusted: 'bad',
  unusable: 'bad',
} as const;

/** What stands on the RSync, against what is to stand there. */
function explainApproval({ rsync, decision, followed }: Look): Step {
  const { receipt, approved } = rsync.annotations;
  const details = receipt.text === undefined ? [] : [receipt.text];
  if (followed === undefined) return step('approval', 'skipped', 'Nothing to approve', details);
  if (decision?.patch !== undefined) {
    return step('approval', 'wait', 'A resync would change what is approved', details);
  }
  if (approved.keys.length === 0) return step('approval', 'wait', 'Nothing is approved', details);
  return step('approval', 'ok', `Approved: ${approved.keys.join(', ')}`, details);
}

/** Of one without stages: what keeps it on what it has. */
function explainKept({ followed, rsync: { annotations }, row }: Look): Step[] {
  const { hold } = annotations;
  if (followed?.kept === undefined || hold === undefined) return [];
  const text = [`As it stands: ${hold.text}`];
  return row.record.phase === 'Waiting'
    ? [step('hold', 'wait', row.message, text)]
    : [step('hold', 'ok', 'Held, and nothing waits for that', text)];
}

/** Whether the gate, or a webhook, holds Config Sync back. */
function explainGate({ rsync, row }: Look): Step {
  const { breakGlass, imageToSync, approved } = rsync.annotations;
  const glass = breakGlass === undefined ? [] : [`Break-glass: ${breakGlass}`];
  const denied = standingRefusals(rsync, (key) => approved.keys.includes(key));
  const { commit, errors } = rsync.status.source;
  if (denied.length > 0) {
    const what = commit === undefined ? 'what was pulled' : (digestOfCommit(commit) ?? commit);
    const texts = denied.map(({ message }) => message);
    // What waits for its roll-out is refused until its turn comes.
    const outcome = row.record.phase === 'Waiting' ? 'wait' : 'bad';
    return step('gate', outcome, `Config Sync was refused ${what}`, [...glass, ...texts]);
  }
  const announced = imageToSync === undefined ? [] : [`Announced: ${imageToSync}`];
  const passed = errors.some(isRefusal)
    ? 'Nothing is refused; the error in its status is of before the approval'
    : 'Nothing was refused';
  return step('gate', 'ok', passed, [...glass, ...announced]);
}

/** One of the three stages of Config Sync. */
function explainStage({ rsync }: Look, name: 'source' | 'rendering' | 'sync'): Step {
  const { commit, errors, errorCount, lastUpdate } = rsync.status[name];
  const at = lastUpdate === undefined ? '' : `, at ${lastUpdate}`;
  const count = Math.max(errorCount, errors.length);
  if (count > 0) {
    // What was refused is in the step before.
    const others = errors.filter((error) => name !== 'source' || !isRefusal(error));
    const refused = others.length < errors.length ? ': see the gate' : '';
    const details = others.map(({ code, message }) => `${code}: ${message}`);
    const what = `${count} error${count === 1 ? '' : 's'} on ${commit ?? 'no commit'}`;
    return step(name, 'bad', `${what}${at}${refused}`, details);
  }
  if (commit === undefined) return step(name, 'wait', 'No commit yet');
  return step(name, 'ok', `${commit}${at}`);
}

/** What Config Sync says of itself. */
function explainConditions({ rsync }: Look): Step {
  const { stalled, reconciling, syncing, lastSyncedCommit } = rsync.status;
  const known = { Stalled: stalled, Reconciling: reconciling, Syncing: syncing };
  const details = Object.entries(known).flatMap(([name, condition]) =>
    condition === undefined ? [] : [describe(name, condition)],
  );
  if (stalled?.status === 'True') return step('conditions', 'bad', 'Stalled', details);
  if (rsync.status.observedGeneration !== rsync.generation) {
    return step('conditions', 'wait', 'The last spec is not observed yet', details);
  }
  if (lastSyncedCommit !== undefined) {
    return step('conditions', 'ok', `Last synced: ${lastSyncedCommit}`, details);
  }
  return step('conditions', 'wait', 'Nothing was synced yet', details);
}

function describe(name: string, { status, reason, message }: Condition): string {
  return `${name}=${status}${reason === '' ? '' : ` (${reason})`}${message === '' ? '' : `: ${message}`}`;
}

/** What people are shown of a receipt; the rest is for the next reconcile. */
const Receipt = z.object({ reason: z.string().min(1), actor: z.string().catch('') });

/** `push`, or `resync by ops@acme.example`. */
function readReceipt({ text, facts }: FoundReceipt): string | undefined {
  const { data } = Receipt.safeParse(facts && parseJson(text ?? ''));
  return data && (data.actor === '' ? data.reason : `${data.reason} by ${data.actor}`);
}
