import { bulkhead } from 'cockatiel';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { WITHDRAWAL_NOTE } from '#shared/reconcile/may-withdraw.ts';
import type { BrakeEvent, StatusEvent } from '#shared/status/events.ts';
import type { WithdrawalNote } from '#shared/store/notes.ts';
import type { ApprovalFacts, Store } from '#shared/store/store.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { type ImagePolicies, policyOfRow, repositoryOf } from './policy-of-row.ts';
import { type Snapshot, syncsOf } from './snapshot.ts';

/** Digests that are verified at once. */
const AT_ONCE = 8;

/** Examples that an event names; the counts say how many there are. */
const MAX_EXAMPLES = 10;

export interface WeighDeps extends ImagePolicies {
  readonly verifier: Pick<Verifier, 'verify'>;
  readonly store: Pick<Store, 'readNote' | 'writeNote'>;
  readonly publish: (event: StatusEvent) => Promise<void>;
  readonly now: () => Date;
  /** `sweep.withdrawBrake`, as a share. */
  readonly withdrawBrake: number;
}

/** An approval of the snapshot, and the policy that the config now has for it. */
interface Approval {
  readonly image: string;
  readonly repository: string;
  readonly approval: ApprovalFacts;
  readonly policy: TrustPolicy;
}

/**
 * Decides whether approvals may be withdrawn under policies that changed (DESIGN section 7): the newest approvals of
 * the whole snapshot are judged under the policies of today, each digest once. Too many that fail, and nothing is
 * withdrawn, which one ERROR tells; else the clusters' reconciles find the permission in the store. Returns why it
 * could not be decided: then no permission is renewed.
 */
export async function weighWithdrawals(
  snapshot: Snapshot,
  deps: WeighDeps,
): Promise<CountersignError | undefined> {
  const approvals = approvalsOf(snapshot, deps);
  const outdated = approvals.filter(({ approval, policy }) => approval.policy !== policy.hash);
  const note = await deps.store.readNote('withdrawal', WITHDRAWAL_NOTE);
  if (outdated.length === 0) {
    if (note?.braked !== undefined) await release(note.braked, { approvals, losing: [] }, {}, deps);
    return undefined;
  }
  // A store that was lost knows of a part of the fleet only: too little to weigh.
  if (snapshot.members.some(({ name }) => !snapshot.records.has(name))) return undefined;
  let losing: readonly Approval[];
  try {
    losing = await failing(outdated, deps);
  } catch (error) {
    return toFailure(error);
  }
  const weighed = { approvals, losing };
  if (losing.length > deps.withdrawBrake * approvals.length) {
    await brake(note?.braked, weighed, deps);
    return undefined;
  }
  const decidedAt = deps.now().toISOString();
  const allowed = Object.fromEntries(outdated.map(({ policy }) => [policy.hash, decidedAt]));
  if (note?.braked !== undefined) await release(note.braked, weighed, allowed, deps);
  else await deps.store.writeNote('withdrawal', WITHDRAWAL_NOTE, { allowed });
  return undefined;
}

function approvalsOf(snapshot: Snapshot, images: ImagePolicies): readonly Approval[] {
  return syncsOf(snapshot).flatMap(({ row }) => {
    const { image, approval } = row;
    const repository = repositoryOf(row);
    const policy = policyOfRow(row, images);
    const complete =
      image !== undefined &&
      repository !== undefined &&
      approval !== undefined &&
      policy !== undefined;
    return complete ? [{ image, repository, approval, policy }] : [];
  });
}

/** Those whose digest does not verify under today's policy. */
async function failing(
  outdated: readonly Approval[],
  { verifier }: Pick<WeighDeps, 'verifier'>,
): Promise<readonly Approval[]> {
  const different = new Map(outdated.map((one) => [keyOf(one), one]));
  const failed = new Set<string>();
  const places = bulkhead(AT_ONCE, Infinity);
  async function weigh(key: string, { repository, approval, policy }: Approval): Promise<void> {
    const { digest, index } = approval;
    if (!isDigest(digest)) throw new CountersignError('internal', 'The snapshot has no digest');
    const subject = { repository, digest, ...(index && isDigest(index) ? { index } : {}) };
    const verdict = await verifier.verify(subject, policy);
    if (verdict.status !== 'verified') failed.add(key);
  }
  await Promise.all(
    [...different].map(([key, one]) => places.execute(async () => weigh(key, one))),
  );
  return outdated.filter((one) => failed.has(keyOf(one)));
}

function keyOf({ repository, approval: { digest, index = '' }, policy }: Approval): string {
  return [repository, digest, index, policy.hash].join(' ');
}

interface Weighed {
  readonly approvals: readonly Approval[];
  readonly losing: readonly Approval[];
}

type Braked = NonNullable<WithdrawalNote['braked']>;

/** Tells that the brake holds, once for the same policies, and takes back what was allowed. */
async function brake(before: Braked | undefined, weighed: Weighed, deps: WeighDeps): Promise<void> {
  const policies = distinct(weighed.losing.map(({ policy }) => policy.hash));
  if (before?.policies.join() === policies.join()) return;
  const since = deps.now().toISOString();
  await deps.publish(describe('sweep.braked', before, weighed, since, deps));
  const braked = { since, policies };
  await deps.store.writeNote('withdrawal', WITHDRAWAL_NOTE, { allowed: {}, braked });
}

async function release(
  before: Braked,
  weighed: Weighed,
  allowed: WithdrawalNote['allowed'],
  deps: WeighDeps,
): Promise<void> {
  const since = deps.now().toISOString();
  await deps.publish(describe('sweep.recovered', before, weighed, since, deps));
  await deps.store.writeNote('withdrawal', WITHDRAWAL_NOTE, { allowed });
}

function describe(
  type: BrakeEvent['type'],
  replaced: Braked | undefined,
  { approvals, losing }: Weighed,
  since: string,
  { withdrawBrake }: Pick<WeighDeps, 'withdrawBrake'>,
): BrakeEvent {
  const policies = distinct(losing.map(({ policy }) => policy.name));
  const count = `${losing.length} of ${approvals.length} approvals`;
  const share = `${Number((withdrawBrake * 100).toFixed(2))}%`;
  return {
    type,
    replaced,
    data: {
      policies,
      hashes: type === 'sweep.braked' ? distinct(losing.map(({ policy }) => policy.hash)) : [],
      withdrawals: losing.length,
      syncs: approvals.length,
      brake: withdrawBrake,
      images: distinct(losing.map(({ image, approval }) => `${image}@${approval.digest}`)).slice(
        0,
        MAX_EXAMPLES,
      ),
      since,
      errors: [],
      message:
        type === 'sweep.braked'
          ? `${count} do not verify under the changed policy ${policies.join(', ')}, more than sweep.withdrawBrake (${share}): nothing is withdrawn; restore the policy, sign again, or raise the brake`
          : `The brake is released: ${count} do not verify`,
    },
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}
