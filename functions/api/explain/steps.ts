import * as z from 'zod';
import type { FoundReceipt } from '#shared/core/annotations.ts';
import { digestOfCommit } from '#shared/core/digest.ts';
import { pinObstacle } from '#shared/core/pin.ts';
import { formatReference } from '#shared/core/reference.ts';
import { isRefusal, standingRefusals } from '#shared/core/sync-status.ts';
import type { Condition, Stage } from '#shared/core/rsync.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseJson } from '#shared/net/json.ts';
import type { Look } from '#shared/reconcile/look-at-cluster.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import { explainCandidate, explainVerdict } from '#shared/trust/explain.ts';
import type { Step } from './operation.ts';

/** One step of an explanation. */
export function step(
  name: Step['step'],
  outcome: Step['outcome'],
  finding: string,
  details: readonly string[] = [],
): Step {
  return { step: name, outcome, finding, details: [...details] };
}

/** What the config says of it. */
export function explainConfig({ rsync, followed, row }: Look): Step {
  if (followed === undefined) return step('config', 'skipped', row.message);
  const { match, trust, effect } = followed.rule;
  const finding = `Followed by "${match}": trust ${trust}, effect ${effect}`;
  const obstacle = pinObstacle(rsync, followed.rule);
  return obstacle === undefined
    ? step('config', 'ok', finding)
    : step('config', 'wait', finding, [`The pin cannot hold: ${obstacle.message}`]);
}

/** What brought it about: the last look, and who asked for the approval in place. */
export function explainTrigger(record: ClusterRecord | undefined, { rsync }: Look): Step {
  const receipt = readReceipt(rsync.annotations.receipt);
  const came = receipt === undefined ? [] : [`The approval in place came by a ${receipt}`];
  if (record?.reconciledAt === undefined) {
    return step('trigger', 'wait', 'Never reconciled yet: the next sweep looks at it', came);
  }
  return step('trigger', 'ok', `Last reconciled at ${record.reconciledAt}`, came);
}

/** What the tag is in the registry, and which manifest of it Config Sync pulls. */
export function explainTag({ followed, failure }: Look): Step[] {
  if (failure !== undefined) return [step('tag', 'unknown', failure.message)];
  if (followed?.resolved === undefined) {
    const message = followed?.verdict.status === 'unusable' ? followed.verdict.message : undefined;
    return [step('tag', message === undefined ? 'skipped' : 'bad', message ?? 'Not resolved')];
  }
  const { reference, resolution } = followed.resolved;
  const { image, resolvedAt } = resolution;
  if (image.status === 'unusable') return [step('tag', 'bad', image.message)];
  const { digest, index } = image;
  const name = formatReference(reference);
  const child = `${digest} is the linux/amd64 child of that index, and what is pulled`;
  return [
    step('tag', 'ok', `${name} is ${index ?? digest} in the registry, at ${resolvedAt}`),
    step('digest', 'ok', index === undefined ? `${digest} is what Config Sync pulls` : child),
  ];
}

/** The verdict, and what became of each candidate signature. */
export function explainSignatures({ followed }: Look, policy: TrustPolicy | undefined): Step {
  if (followed === undefined || policy === undefined) {
    return step('signatures', 'skipped', 'Nothing to verify');
  }
  const { verdict } = followed;
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
export function explainApproval({ rsync, decision, followed }: Look): Step {
  const { receipt } = rsync.annotations;
  const approved = rsync.annotations.approved.keys;
  const details = receipt.text === undefined ? [] : [receipt.text];
  if (followed === undefined) return step('approval', 'skipped', 'Nothing to approve', details);
  const [current] = approved;
  if (decision?.patch !== undefined) {
    return step('approval', 'wait', 'A resync would change what is approved', details);
  }
  return current === undefined
    ? step('approval', 'wait', 'Nothing is approved', details)
    : step('approval', 'ok', `Approved: ${approved.join(', ')}`, details);
}

/** Whether the gate, or a webhook, holds Config Sync back. */
export function explainGate({ rsync }: Look): Step {
  const { breakGlass, imageToSync, approved } = rsync.annotations;
  const glass = breakGlass === undefined ? [] : [`Break-glass: ${breakGlass}`];
  const denied = standingRefusals(rsync, (key) => approved.keys.includes(key));
  const texts = denied.map(({ message }) => message);
  const { commit } = rsync.status.source;
  if (denied.length > 0) {
    const what = commit === undefined ? 'what was pulled' : (digestOfCommit(commit) ?? commit);
    return step('gate', 'bad', `Config Sync was refused ${what}`, [...glass, ...texts]);
  }
  const announced = imageToSync === undefined ? [] : [`Announced: ${imageToSync}`];
  const passed = rsync.status.source.errors.some(isRefusal)
    ? 'Nothing is refused; the error in its status is of before the approval'
    : 'Nothing was refused';
  return step('gate', 'ok', passed, [...glass, ...announced]);
}

/** The three stages of Config Sync. */
export function explainStages({ rsync: { status } }: Look): Step[] {
  return (['source', 'rendering', 'sync'] as const).map((name) => explainStage(name, status[name]));
}

function explainStage(name: 'source' | 'rendering' | 'sync', stage: Stage): Step {
  const { commit, errors, errorCount, lastUpdate } = stage;
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
  return commit === undefined
    ? step(name, 'wait', 'No commit yet')
    : step(name, 'ok', `${commit}${at}`);
}

/** What Config Sync says of itself. */
export function explainConditions({ rsync }: Look): Step {
  const { stalled, reconciling, syncing, lastSyncedCommit } = rsync.status;
  const known = Object.entries({ Stalled: stalled, Reconciling: reconciling, Syncing: syncing });
  const details = known.flatMap(([name, condition]) =>
    condition === undefined ? [] : [describe(name, condition)],
  );
  const observed = rsync.status.observedGeneration === rsync.generation;
  if (stalled?.status === 'True') return step('conditions', 'bad', 'Stalled', details);
  if (!observed) return step('conditions', 'wait', 'The last spec is not observed yet', details);
  return lastSyncedCommit === undefined
    ? step('conditions', 'wait', 'Nothing was synced yet', details)
    : step('conditions', 'ok', `Last synced: ${lastSyncedCommit}`, details);
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
